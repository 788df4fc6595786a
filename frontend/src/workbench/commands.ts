/** Commands of the workbench itself: the palette and the panes. */
import { LayoutGrid, Search, SquareFunction } from "lucide-react";
import type { Command } from "@/shell/commands";
import { inProject, signedIn } from "@/shell/context";
import { useLayout } from "@/shell/panes";
import { openPalette } from "@/workbench/palette/store";
import { cyclePanes } from "./focus";

export const commands: Command[] = [
  {
    id: "palette.files",
    category: "Go",
    label: "Go to file",
    icon: Search,
    keys: ["Mod+P"],
    when: inProject,
    run: () => openPalette("files"),
  },
  {
    id: "palette.symbols",
    category: "Go",
    label: "Go to symbol in project",
    icon: SquareFunction,
    // A browser keeps Ctrl+T to itself unless the studio is installed as an app.
    keys: ["Alt+T", "Mod+T"],
    when: inProject,
    run: () => openPalette("symbols"),
  },
  {
    id: "palette.commands",
    category: "Go",
    label: "All commands",
    icon: LayoutGrid,
    keys: ["Mod+Shift+P", "F1"],
    when: signedIn,
    run: () => openPalette("commands"),
  },
  {
    id: "view.sidebar",
    category: "View",
    label: "Toggle side bar",
    keys: ["Mod+B"],
    when: inProject,
    run: () => useLayout.getState().toggle("sidebar"),
  },
  {
    id: "view.panel",
    category: "View",
    label: "Toggle panel",
    keys: ["Mod+J"],
    when: inProject,
    run: () => useLayout.getState().toggle("bottom"),
  },
  { id: "view.nextPane", category: "View", label: "Next pane", keys: ["F6"], when: inProject, run: () => cyclePanes(1) },
  { id: "view.previousPane", category: "View", label: "Previous pane", keys: ["Shift+F6"], when: inProject, run: () => cyclePanes(-1) },
];
