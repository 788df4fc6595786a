import { DatabaseZap, Replace, Search, Undo2 } from "lucide-react";
import { afterLayout } from "@/lib/afterLayout";
import { openIndex } from "@/model/indexStatus";
import { focusedSelection } from "@/shell/selection";
import type { Command } from "@/shell/commands";
import { inProject } from "@/shell/context";
import { useLayout } from "@/shell/panes";
import { canUndoReplace, undoReplace } from "./apply";
import { edit } from "./run";
import { focusQuery } from "./SearchFields";
import { canReplace, useSearch } from "./store";

/** Opens the view, with what is selected in the editor. */
function openSearch(replacing: boolean): void {
  const selected = focusedSelection();
  const { mode } = useSearch.getState();
  useSearch.setState({ replacing: replacing || useSearch.getState().replacing });
  if (replacing && !canReplace(mode)) edit({ mode: "text" });
  if (selected && selected !== useSearch.getState().text) edit({ text: selected, ...(mode === "regex" ? { mode: "text" } : {}) });
  useLayout.getState().showSide("search");
  afterLayout(focusQuery);
}

export const commands: Command[] = [
  {
    id: "search.open",
    category: "Go",
    label: "Search in files",
    icon: Search,
    keys: ["Mod+Shift+F"],
    when: inProject,
    run: () => openSearch(false),
  },
  {
    id: "search.replace",
    category: "Go",
    label: "Replace in files",
    icon: Replace,
    keys: ["Mod+Shift+H"],
    when: inProject,
    run: () => openSearch(true),
  },
  {
    id: "search.undo",
    category: "Go",
    label: "Undo the last replacement in files",
    icon: Undo2,
    when: () => inProject() && canUndoReplace(),
    run: undoReplace,
  },
  { id: "search.index", category: "View", label: "Show the state of the search index", icon: DatabaseZap, when: inProject, run: openIndex },
];
