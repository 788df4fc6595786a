import { type Command } from "@/shell/commands";
import { inProject } from "@/shell/context";
import { useLayout } from "@/shell/panes";

export const commands: Command[] = [
  {
    id: "view.errors",
    category: "View",
    label: "Show errors",
    keys: ["Mod+Shift+M"],
    when: inProject,
    run: () => useLayout.getState().show("errors"),
  },
];
