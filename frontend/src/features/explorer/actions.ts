/** Actions on files. Each changes the screen first and reverts it when the server refuses. */
import { files as api } from "@/api/client";
import type { FileEntry, Id } from "@/api/types";
import { copyText } from "@/lib/download";
import { basename, join, parent } from "@/lib/path";
import { renamedDocument } from "@/model/documents/documents";
import { inTurn } from "@/model/files/bulk";
import { selectOnly } from "@/model/files/selection";
import { chosenEntries, putEntry, reveal, setOpen, targetFolder, treeChanged, useFiles, type Editing } from "@/model/files/store";
import { downloadFile } from "@/shell/files";
import { openFile } from "@/shell/tabs/open";
import { fail, toast } from "@/shell/toasts/store";
import { remember } from "./undo";

const get = useFiles.getState;
const set = useFiles.setState;

export function beginNew(kind: "file" | "folder", folder = targetFolder()): void {
  if (folder) setOpen(folder, true);
  set({ editing: { kind, path: folder }, filter: "" });
}

export function beginRename(): void {
  const { selection } = get();
  if (selection.focus) set({ editing: { kind: "rename", path: selection.focus } });
}

export function endEditing(): void {
  set({ editing: null });
}

/** Applies a typed name. */
export async function commitEditing(editing: Editing, name: string): Promise<void> {
  endEditing();
  if (editing.kind === "rename") await rename(editing.path, name);
  else await create(join(editing.path, name), editing.kind);
}

async function create(path: string, type: "file" | "folder"): Promise<void> {
  const { projectId } = get();
  if (!projectId) return;
  try {
    const entry = await api.create(projectId, { path, type, ...(type === "file" ? { content: "" } : {}) });
    await admitFolders(entry);
    putEntry(entry);
    reveal(entry.path);
    if (type === "file") openFile(entry.id);
    else setOpen(entry.path, true);
  } catch (error) {
    fail(`${basename(path)} could not be created`, error);
  }
}

/** Creating `a/b/c.txt` also creates folders, which only the file list reports. */
async function admitFolders(entry: FileEntry): Promise<void> {
  const folder = parent(entry.path);
  if (!folder || get().tree.at(folder)) return;
  const entries = await api.list(entry.project_id);
  for (const each of entries) if (!get().tree.get(each.id)) get().tree.upsert(each);
  treeChanged();
}

async function rename(path: string, name: string): Promise<void> {
  const entry = get().tree.at(path);
  if (!entry || entry.name === name) return;
  const { id, name: before } = entry;
  if (await renameEntry(entry, name)) {
    remember(`rename ${before} to ${name}`, () => renameBack(id, join(parent(path), name), before));
  }
}

/** An entry that was deleted and restored meanwhile may be another of the same path. */
async function renameBack(id: Id, path: string, name: string): Promise<boolean> {
  const entry = get().tree.get(id) ?? get().tree.at(path);
  return entry !== undefined && renameEntry(entry, name);
}

/** True when the server agreed. */
async function renameEntry(entry: FileEntry, name: string): Promise<boolean> {
  const before = entry.path;
  showAt(entry, join(parent(before), name));
  try {
    putEntry(await inTurn(() => api.patch(entry.id, { name })));
    return true;
  } catch (error) {
    const now = get().tree.get(entry.id);
    if (now) showAt(now, before);
    fail(`${basename(before)} could not be renamed`, error);
    return false;
  }
}

/** Shows an entry at another path, before the server has agreed. */
export function showAt(entry: FileEntry, path: string): void {
  const wasOpen = get().open.has(entry.path);
  putEntry({ ...entry, path, name: basename(path) });
  if (wasOpen) setOpen(path, true);
  set({ selection: selectOnly(path) });
  renamedDocument(entry.id, path);
}

export async function copyPath(): Promise<void> {
  const { focus } = get().selection;
  if (!focus) return;
  await copyText(focus);
  toast("Path copied", { detail: focus });
}

export async function downloadChosen(): Promise<void> {
  for (const entry of chosenEntries()) if (entry.type === "file") await downloadFile(entry.id);
}
