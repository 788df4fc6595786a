import type { Command } from "@/shell/commands";
import { inProject } from "@/shell/context";
import { useLayout } from "@/shell/panes";

export const commands: Command[] = [
  { id: "view.jobs", category: "View", label: "Show jobs", when: inProject, run: () => useLayout.getState().show("jobs") },
];
