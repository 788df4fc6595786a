/** Going to places in files, from anywhere: the tree, the palette, the console, the errors. */
import { files as api } from "@/api/client";
import type { Id } from "@/api/types";
import { markChanged, entryOf, put, useExplorer } from "@/model/files/store";
import { useLayout } from "@/shell/panes";
import { noteRecent } from "@/model/recentFiles";
import { fail } from "@/shell/toasts/store";
import { basename } from "@/lib/path";
import { dispose, documentOf, ensureDocument, releaseDocument, saveDocument } from "@/model/documents/documents";
import { dropDraft } from "@/model/documents/drafts";
import type { CodeEditor } from "@/lib/monaco";
import { change, useEditor } from "@/shell/tabs/store";
import * as tabs from "@/shell/tabs/tabs";

/** The editor of each group, while it is on the screen. */
const editors = new Map<number, CodeEditor>();
/** The group whose editor takes the keyboard as soon as it is there. */
let wanted: number | null = null;
let pending: { fileId: Id; line: number; column: number } | null = null;

export function attachEditor(groupId: number, editor: CodeEditor): () => void {
  editors.set(groupId, editor);
  if (wanted === groupId) editor.focus();
  wanted = null;
  return () => void (editors.get(groupId) === editor && editors.delete(groupId));
}

export function focusedEditor(): CodeEditor | undefined {
  return editors.get(useEditor.getState().tabs.focused);
}

/** Opens the active tab beside itself, and goes there. */
export function splitEditor(): void {
  change(tabs.split);
  const { focused } = useEditor.getState().tabs;
  if (!editors.has(focused)) wanted = focused;
}

export interface OpenOptions {
  preview?: boolean;
  line?: number;
  column?: number;
  /** Leave the keyboard where it is. */
  quiet?: boolean;
  group?: number;
}

export function openFile(fileId: Id, options: OpenOptions = {}): void {
  const entry = entryOf(fileId);
  if (!entry || entry.type !== "file") return;
  const { preview = false, line, column = 1, quiet = false, group } = options;
  if (line !== undefined) pending = { fileId, line, column };
  releasing(() => change((state) => tabs.open(state, tabs.fileTab(fileId, preview), group)));
  if (useLayout.getState().narrow) useLayout.getState().set({ sidebar: false, ...(line === undefined ? {} : { bottom: false }) });
  markChanged(fileId, false);
  noteRecent(entry.project_id, entry.path);
  void ensureDocument(fileId).then(() => {
    goPending();
    if (!quiet) requestAnimationFrame(() => focusedEditor()?.focus());
  });
}

/** Saves; what was deleted elsewhere is made anew, from the text that is still here. */
export async function saveFile(fileId: Id): Promise<void> {
  const document = documentOf(fileId);
  const { projectId } = useExplorer.getState();
  if (document?.sync.phase !== "gone" || !projectId) return void saveDocument(fileId);
  await makeAgain(projectId, fileId, document.path, document.model.getValue(undefined, true));
}

/** A file that was deleted elsewhere, from the text that is kept here. */
export async function makeAgain(projectId: Id, fileId: Id, path: string, content: string): Promise<void> {
  try {
    const entry = await api.create(projectId, { path, type: "file", content });
    put(entry);
    openFile(entry.id);
    closeTabs((tab) => tab.kind === "file" && tab.fileId === fileId);
    dispose(fileId);
    await dropDraft(fileId);
  } catch (error) {
    fail(`${basename(path)} could not be made again`, error);
  }
}

export function openPath(path: string, options: OpenOptions = {}): boolean {
  const entry = useExplorer.getState().tree.at(path);
  if (entry?.type !== "file") return false;
  openFile(entry.id, options);
  return true;
}

/** Puts the cursor where it was asked to be, as soon as the right text is on the screen. */
export function goPending(): void {
  const tab = tabs.activeTab(useEditor.getState().tabs);
  const editor = focusedEditor();
  if (!pending || !editor || tab?.kind !== "file" || tab.fileId !== pending.fileId) return;
  if (!editor.getModel()) return;
  const position = { lineNumber: pending.line, column: pending.column };
  pending = null;
  editor.setPosition(position);
  editor.revealPositionInCenter(position);
}

export function closeTab(groupId: number, key: string): void {
  releasing(() => change((state) => tabs.close(state, groupId, key)));
}

export function closeTabs(gone: (tab: tabs.Tab, group: tabs.Group) => boolean): void {
  releasing(() => change((state) => tabs.closeWhere(state, gone)));
}

/** Lets go the text of every file whose last tab went, also of a preview that another took the place of. */
function releasing(work: () => void): void {
  const before = openFileIds();
  work();
  const after = openFileIds();
  for (const fileId of before) if (!after.has(fileId)) void releaseDocument(fileId);
}

export function openFileIds(): Set<Id> {
  const all = useEditor.getState().tabs.groups.flatMap((group) => group.tabs);
  return new Set(all.flatMap((tab) => (tab.kind === "file" ? [tab.fileId] : [])));
}
