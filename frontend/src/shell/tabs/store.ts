/** Which tabs are open, in which group. */
import { create } from "zustand";
import type { Id } from "@/api/types";
import { recall, remember } from "@/lib/storage";
import * as tabs from "./tabs";

interface TabsState {
  projectId: Id | null;
  tabs: tabs.Tabs;
}

export const useTabs = create<TabsState>(() => ({ projectId: null, tabs: tabs.noTabs }));

/** Applies a pure change of the tabs and remembers the result. */
export function change(reduce: (state: tabs.Tabs) => tabs.Tabs): void {
  const { tabs: before, projectId } = useTabs.getState();
  const after = reduce(before);
  if (after === before) return;
  useTabs.setState({ tabs: after });
  if (projectId) remember(`tabs.${projectId}`, { ...after, closed: [] });
}

export function restoreTabs(projectId: Id, restorable: (tab: tabs.Tab) => boolean): void {
  const saved = recall<tabs.Tabs | null>(`tabs.${projectId}`, null);
  useTabs.setState({ projectId, tabs: tabs.restored(saved, restorable) });
}

export function leaveTabs(): void {
  useTabs.setState({ projectId: null, tabs: tabs.noTabs });
}

function activeFileIn(state: tabs.Tabs): Id | null {
  const tab = tabs.activeTab(state);
  return tab && tabs.isFileTab(tab) ? tab.fileId : null;
}

export function activeFileId(): Id | null {
  return activeFileIn(useTabs.getState().tabs);
}

export function useActiveFileId(): Id | null {
  return useTabs((state) => activeFileIn(state.tabs));
}
