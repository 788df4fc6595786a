/** The timeline follows the open file, and is read again when its file changes while it is on the screen. */
import { useFiles } from "@/model/files/store";
import type { ProjectScope } from "@/shell/contributions";
import { useLayout } from "@/shell/panes";
import { useTabs } from "@/shell/tabs/store";
import { activeTab } from "@/shell/tabs/tabs";
import { followActive } from "./actions";
import { leaveTimeline, loadVersions, useTimeline } from "./store";

const SETTLE_MS = 250;
let timer: ReturnType<typeof setTimeout> | undefined;
let stop: () => void = () => {};

function reload(): void {
  clearTimeout(timer);
  const { sidebar, sideView } = useLayout.getState();
  if (!sidebar || sideView !== "timeline") return;
  timer = setTimeout(() => {
    const { projectId } = useFiles.getState();
    const { path } = useTimeline.getState();
    if (projectId && path) void loadVersions(projectId, path);
  }, SETTLE_MS);
}

export const timelineScope: ProjectScope = {
  id: "timeline",
  enter() {
    // Another file becomes active: it is of more interest than the one that was asked for.
    stop = useTabs.subscribe(({ tabs }, { tabs: before }) => {
      const tab = activeTab(tabs);
      if (tab?.kind === "file" && tab.key !== activeTab(before)?.key) followActive();
    });
  },
  reload,
  onMessage(message) {
    if (message.type === "file" && (!message.file || message.file.path === useTimeline.getState().path)) reload();
  },
  leave() {
    clearTimeout(timer);
    stop();
    leaveTimeline();
  },
};
