/** While the view is on the screen, a change of a file searches again: what was found may have moved. */
import type { ProjectScope } from "@/shell/contributions";
import { useLayout } from "@/shell/panes";
import { cancelSearch, searchSoon } from "./run";
import { canReplace, leaveSearch, useSearch } from "./store";

const SETTLE_MS = 600;

function again(): void {
  const { sidebar, sideView } = useLayout.getState();
  const { status, mode } = useSearch.getState();
  if (sidebar && sideView === "search" && canReplace(mode) && (status === "done" || status === "searching")) searchSoon(SETTLE_MS);
}

export const searchScope: ProjectScope = {
  id: "search",
  reload: again,
  onMessage(message) {
    if (message.type === "file") again();
  },
  leave() {
    cancelSearch();
    leaveSearch();
  },
};
