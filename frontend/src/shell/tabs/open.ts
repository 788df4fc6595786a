/** Opening and closing tabs, from anywhere: the tree, the palette, the console, the errors. */
import type { Id } from "@/api/types";
import { basename } from "@/lib/path";
import { discardDocument, documentOf, ensureDocument, isUnsaved, releaseDocument, saveDocument } from "@/model/documents/documents";
import { entryOf, markChanged, useFiles } from "@/model/files/store";
import { noteRecent } from "@/model/recentFiles";
import { useSettings } from "@/model/settings";
import { useLayout } from "@/shell/panes";
import { ask } from "@/shell/questions/store";
import { change, useTabs } from "./store";
import * as tabs from "./tabs";

export interface OpenOptions {
  preview?: boolean;
  line?: number;
  column?: number;
  /** Selects up to there. */
  end?: { line: number; column: number };
  /** Leave the keyboard where it is. */
  quiet?: boolean;
  group?: number;
}

interface Target {
  fileId: Id;
  line: number;
  column: number;
  end?: { line: number; column: number };
}

let target: Target | null = null;
let showOpened: (quiet: boolean) => void = () => {};

/** The editor registers here how it goes to an opened file. */
export function onOpened(show: (quiet: boolean) => void): void {
  showOpened = show;
}

let showClosed: () => void = () => {};

/** The editor registers here what follows when a person has closed a tab. */
export function onClosed(show: () => void): void {
  showClosed = show;
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
  const { preview = false, line, column = 1, end, quiet = false, group } = options;
  if (line !== undefined) target = { fileId, line, column, end };
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

export function closeTab(groupId: number, key: string): Promise<void> {
  return closing((state) => tabs.close(state, groupId, key));
}

export function closeTabs(gone: (tab: tabs.Tab, group: tabs.Group) => boolean): Promise<void> {
  return closing((state) => tabs.closeWhere(state, gone));
}

/** Closes the tabs of files that are gone. */
export function closeFiles(gone: (fileId: Id) => boolean): void {
  releasing(() => change((state) => tabs.closeWhere(state, (tab) => tabs.isFileTab(tab) && gone(tab.fileId))));
}

/** Closes tabs. Where changes are not saved by themselves, a person decides about those that would go. */
async function closing(reduce: (state: tabs.Tabs) => tabs.Tabs): Promise<void> {
  const { tabs: before } = useTabs.getState();
  const after = fileIdsIn(reduce(before));
  const unsaved = [...fileIdsIn(before)].filter((fileId) => !after.has(fileId) && isUnsaved(fileId));
  if (unsaved.length && !useSettings.getState().autoSave && !(await settled(unsaved))) return;
  releasing(() => change(reduce));
  showClosed();
}

/** Asks what to do with unsaved text; false when the tabs shall stay. */
async function settled(unsaved: readonly Id[]): Promise<boolean> {
  const paths = unsaved.flatMap((fileId) => documentOf(fileId)?.path ?? []);
  const several = unsaved.length > 1;
  const { choice } = await ask({
    title: several ? `Save the changes to ${unsaved.length} files?` : `Save the changes to ${basename(paths[0] ?? "the file")}?`,
    text: "They are lost if you don't save them.",
    items: several ? paths : [],
    choices: [
      { id: "cancel", label: "Cancel" },
      { id: "discard", label: "Don't save", tone: "danger" },
      { id: "save", label: several ? "Save all" : "Save", tone: "primary" },
    ],
  });
  if (choice === "discard") for (const fileId of unsaved) discardDocument(fileId);
  if (choice !== "save") return choice === "discard";
  return (await Promise.all(unsaved.map(saveDocument))).every(Boolean);
}

/** Releases the text of every file whose last tab was closed, also of a replaced preview. */
function releasing(work: () => void): void {
  const before = openFileIds();
  work();
  const after = openFileIds();
  for (const fileId of before) if (!after.has(fileId)) void releaseDocument(fileId);
}

export function openFileIds(): Set<Id> {
  return fileIdsIn(useTabs.getState().tabs);
}

function fileIdsIn({ groups }: tabs.Tabs): Set<Id> {
  const all = groups.flatMap((group) => group.tabs);
  return new Set(all.flatMap((tab) => (tabs.isFileTab(tab) ? [tab.fileId] : [])));
}
