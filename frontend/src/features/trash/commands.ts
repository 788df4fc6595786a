import { Trash2 } from "lucide-react";
import type { Command } from "@/shell/commands";
import { inProject } from "@/shell/context";
import { useLayout } from "@/shell/panes";

export const commands: Command[] = [
  {
    id: "view.trash",
    category: "View",
    label: "Show trash",
    icon: Trash2,
    when: inProject,
    run: () => useLayout.getState().showSide("trash"),
  },
];
