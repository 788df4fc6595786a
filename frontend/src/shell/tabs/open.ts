/** Opening and closing tabs, from anywhere: the tree, the palette, the console, the errors. */
import type { Id } from "@/api/types";
import { ensureDocument, releaseDocument } from "@/model/documents/documents";
import { entryOf, markChanged, useFiles } from "@/model/files/store";
import { noteRecent } from "@/model/recentFiles";
import { useLayout } from "@/shell/panes";
import { change, useTabs } from "./store";
import * as tabs from "./tabs";

export interface OpenOptions {
  preview?: boolean;
  line?: number;
  column?: number;
  /** Leave the keyboard where it is. */
  quiet?: boolean;
  group?: number;
}

interface Target {
  fileId: Id;
  line: number;
  column: number;
}

let target: Target | null = null;
let showOpened: (quiet: boolean) => void = () => {};

/** The editor registers here how it goes to an opened file. */
export function onOpened(show: (quiet: boolean) => void): void {
  showOpened = show;
}

/** The place in a file that waits to be shown. */
export function pendingTarget(): Target | null {
  return target;
}

export function clearTarget(): void {
  target = null;
}

export function openTab(tab: tabs.Tab, group?: number): void {
  releasing(() => change((state) => tabs.open(state, tab, group)));
}

export function openFile(fileId: Id, options: OpenOptions = {}): void {
  const entry = entryOf(fileId);
  if (!entry || entry.type !== "file") return;
  const { preview = false, line, column = 1, quiet = false, group } = options;
  if (line !== undefined) target = { fileId, line, column };
  openTab(tabs.fileTab(fileId, preview), group);
  if (useLayout.getState().narrow) useLayout.getState().set({ sidebar: false, ...(line === undefined ? {} : { bottom: false }) });
  markChanged(fileId, false);
  noteRecent(entry.project_id, entry.path);
  void ensureDocument(fileId).then(() => showOpened(quiet));
}

export function openPath(path: string, options: OpenOptions = {}): boolean {
  const entry = useFiles.getState().tree.at(path);
  if (entry?.type !== "file") return false;
  openFile(entry.id, options);
  return true;
}

export function closeTab(groupId: number, key: string): void {
  releasing(() => change((state) => tabs.close(state, groupId, key)));
}

export function closeTabs(gone: (tab: tabs.Tab, group: tabs.Group) => boolean): void {
  releasing(() => change((state) => tabs.closeWhere(state, gone)));
}

export function closeFiles(gone: (fileId: Id) => boolean): void {
  closeTabs((tab) => tabs.isFileTab(tab) && gone(tab.fileId));
}

/** Releases the text of every file whose last tab was closed, also of a replaced preview. */
function releasing(work: () => void): void {
  const before = openFileIds();
  work();
  const after = openFileIds();
  for (const fileId of before) if (!after.has(fileId)) void releaseDocument(fileId);
}

export function openFileIds(): Set<Id> {
  const all = useTabs.getState().tabs.groups.flatMap((group) => group.tabs);
  return new Set(all.flatMap((tab) => (tabs.isFileTab(tab) ? [tab.fileId] : [])));
}
