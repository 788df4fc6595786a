/** Actions on files. Each changes the screen first and reverts it when the server refuses. */
import { files as api } from "@/api/client";
import { ApiError } from "@/api/problem";
import type { FileEntry, Id } from "@/api/types";
import { count } from "@/lib/format";
import { copyText } from "@/lib/download";
import { basename, isInside, join, parent } from "@/lib/path";
import { dispose, renamedDocument } from "@/model/documents/documents";
import { closeFiles, openFile } from "@/shell/tabs/open";
import { downloadFile } from "@/shell/files";
import { deferred } from "@/shell/toasts/deferred";
import { fail, toast } from "@/shell/toasts/store";
import { selectOnly, selectMany } from "@/model/files/selection";
import {
  treeChanged,
  canDrop,
  chosenEntries,
  putEntry,
  reveal,
  setOpen,
  removeEntries,
  targetFolder,
  useFiles,
  type Editing,
} from "@/model/files/store";
import { topmost } from "@/model/files/tree";
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
  if (await relocate(entry, { name }, join(parent(path), name))) {
    remember(`rename ${before} to ${name}`, () => renameBack(id, before));
  }
}

async function renameBack(id: Id, name: string): Promise<boolean> {
  const entry = get().tree.get(id);
  return entry !== undefined && relocate(entry, { name }, join(parent(entry.path), name));
}

/** True when the server agreed. */
async function relocate(entry: FileEntry, patch: { name?: string; parent_id?: Id | null }, path: string): Promise<boolean> {
  const before = { ...entry };
  showAt(entry, path);
  try {
    putEntry(await api.patch(entry.id, patch));
    return true;
  } catch (error) {
    showAt(get().tree.get(entry.id) ?? before, before.path);
    fail(`${before.name} could not be ${patch.name ? "renamed" : "moved"}`, error);
    return false;
  }
}

function showAt(entry: FileEntry, path: string): void {
  const wasOpen = get().open.has(entry.path);
  putEntry({ ...entry, path, name: basename(path) });
  if (wasOpen) setOpen(path, true);
  set({ selection: selectOnly(path) });
  renamedDocument(entry.id, path);
}

export async function moveTo(paths: readonly string[], folder: string): Promise<void> {
  const chosen = topmost([...paths]);
  if (!canDrop(chosen, folder)) return;
  const target = folder ? get().tree.at(folder) : null;
  if (target === undefined) return;
  const entries = chosen.flatMap((path) => get().tree.at(path) ?? []);
  const moved: Moved[] = [];
  for (const entry of entries) {
    const before = { id: entry.id, folder: parent(entry.path) };
    if (await relocate(entry, { parent_id: target?.id ?? null }, join(folder, entry.name))) moved.push(before);
  }
  if (folder) setOpen(folder, true);
  chooseEntries(entries.map(({ id }) => id));
  const what = entries.length === 1 ? entries[0]!.name : count(entries.length, "item");
  if (moved.length) remember(`move ${what}`, () => moveBack(moved));
}

/** An entry and the folder that it came from. */
interface Moved {
  id: Id;
  folder: string;
}

async function moveBack(moved: readonly Moved[]): Promise<boolean> {
  let all = true;
  for (const { id, folder } of moved) {
    const entry = get().tree.get(id);
    const target = folder ? get().tree.at(folder) : null;
    const possible = entry !== undefined && target !== undefined;
    all = possible && (await relocate(entry, { parent_id: target?.id ?? null }, join(folder, entry.name))) && all;
  }
  chooseEntries(moved.map(({ id }) => id));
  return all;
}

function chooseEntries(ids: readonly Id[]): void {
  set({ selection: selectMany(ids.flatMap((id) => get().tree.get(id)?.path ?? [])) });
}

/** Marks the selection to be moved: dragging, by keyboard. */
export function cutChosen(): void {
  set({ cut: new Set(chosenEntries().map((entry) => entry.path)) });
}

export async function pasteCut(): Promise<void> {
  const paths = [...get().cut].filter((path) => get().tree.at(path));
  const folder = targetFolder();
  set({ cut: new Set() });
  if (paths.length && !canDrop(topmost(paths), folder)) return void toast("The selection can't be moved there");
  await moveTo(paths, folder);
}

/** Removes the selection from the screen; the server deletes it when the time for Undo is over. */
export function removeChosen(): void {
  const paths = topmost(chosenEntries().map((entry) => entry.path));
  const roots = paths.map((path) => get().tree.at(path)!);
  if (!roots.length) return;
  const projectId = get().projectId;
  const next = neighbour(paths);
  const gone = roots.flatMap((entry) => removeEntries(entry.id));
  const ids = new Set(gone.map((entry) => entry.id));
  closeFiles((fileId) => ids.has(fileId));
  set({ selection: next ? selectOnly(next) : { chosen: new Set(), focus: null, anchor: null } });
  const what = roots.length === 1 ? roots[0]!.name : count(roots.length, "item");
  const undo = deferred(
    `Deleted ${what}`,
    () => get().projectId === projectId && giveBack(gone),
    (leaving) => removeNow(roots, leaving, () => get().projectId === projectId && giveBack(gone)),
  );
  remember(`delete ${what}`, undo);
}

function giveBack(gone: readonly FileEntry[]): void {
  for (const entry of gone) get().tree.upsert(entry);
  treeChanged();
}

async function removeNow(roots: readonly FileEntry[], leaving: boolean, undo: () => void): Promise<void> {
  try {
    await Promise.all(roots.map((entry) => api.remove(entry.id, leaving).catch(alreadyGone)));
    for (const entry of roots) dispose(entry.id);
  } catch (error) {
    undo();
    fail("Not everything could be deleted", error);
  }
}

function alreadyGone(error: unknown): void {
  if (!(error instanceof ApiError && error.status === 404)) throw error;
}

/** The row to select after the selected ones are removed. */
function neighbour(paths: readonly string[]): string | null {
  const { tree, open } = get();
  const rows = tree.rows(open);
  const stays = (path: string) => !paths.some((gone) => isInside(path, gone));
  const at = rows.findIndex((row) => !stays(row.path));
  return (rows.slice(at).find((row) => stays(row.path)) ?? rows.slice(0, at).findLast((row) => stays(row.path)))?.path ?? null;
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
