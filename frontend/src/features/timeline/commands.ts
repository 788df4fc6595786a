import { History } from "lucide-react";
import type { Command } from "@/shell/commands";
import { inProject } from "@/shell/context";
import { useLayout } from "@/shell/panes";
import { chosenEntries } from "@/model/files/store";
import { activeFileId } from "@/shell/tabs/store";
import { showTimeline } from "./actions";

function chosenFile(): string | undefined {
  return chosenEntries().find(({ type }) => type === "file")?.path;
}

export const commands: Command[] = [
  {
    id: "timeline.show",
    category: "File",
    label: "Local history",
    icon: History,
    when: inProject,
    run: (path) => showTimeline(typeof path === "string" ? path : activeFileId() ? undefined : chosenFile()),
  },
  {
    id: "view.timeline",
    category: "View",
    label: "Show timeline",
    when: inProject,
    run: () => useLayout.getState().showSide("timeline"),
  },
];
