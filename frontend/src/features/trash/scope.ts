/** Reads the trash again while it is on the screen and files come or go. */
import { useFiles } from "@/model/files/store";
import { leaveTrash, loadTrash } from "@/model/trash";
import type { ProjectScope } from "@/shell/contributions";
import { useLayout } from "@/shell/panes";

/** Several messages follow one action. */
const SETTLE_MS = 250;
let timer: ReturnType<typeof setTimeout> | undefined;

function reload(): void {
  clearTimeout(timer);
  const { sidebar, sideView } = useLayout.getState();
  if (!sidebar || sideView !== "trash") return;
  timer = setTimeout(() => {
    const { projectId } = useFiles.getState();
    if (projectId) void loadTrash(projectId);
  }, SETTLE_MS);
}

export const trashScope: ProjectScope = {
  id: "trash",
  reload,
  onMessage(message) {
    if (message.type === "file" && message.change !== "updated") reload();
  },
  leave() {
    clearTimeout(timer);
    leaveTrash();
  },
};
