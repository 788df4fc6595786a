/** Open tabs and where the cursor is. */
import { create } from "zustand";
import type { Id } from "@/api/types";
import { recall, remember } from "@/lib/storage";
import * as tabs from "./tabs";

export interface Cursor {
  line: number;
  column: number;
  selected: number;
}

interface EditorState {
  projectId: Id | null;
  tabs: tabs.Tabs;
  cursor: Cursor;
}

export const useEditor = create<EditorState>(() => ({
  projectId: null,
  tabs: tabs.noTabs,
  cursor: { line: 1, column: 1, selected: 0 },
}));

/** Applies a pure change of the tabs and remembers what came of it. */
export function change(reduce: (state: tabs.Tabs) => tabs.Tabs): void {
  const { tabs: before, projectId } = useEditor.getState();
  const after = reduce(before);
  if (after === before) return;
  useEditor.setState({ tabs: after });
  if (projectId) remember(`tabs.${projectId}`, { ...after, closed: [] });
}

export function restoreTabs(projectId: Id, exists: (fileId: Id) => boolean): void {
  const saved = recall<tabs.Tabs | null>(`tabs.${projectId}`, null);
  useEditor.setState({ projectId, tabs: tabs.restored(saved, exists) });
}

export function leaveTabs(): void {
  useEditor.setState({ projectId: null, tabs: tabs.noTabs });
}

export function activeFileId(): Id | null {
  const tab = tabs.activeTab(useEditor.getState().tabs);
  return tab?.kind === "file" ? tab.fileId : null;
}

export function useActiveFileId(): Id | null {
  return useEditor((state) => {
    const tab = tabs.activeTab(state.tabs);
    return tab?.kind === "file" ? tab.fileId : null;
  });
}
