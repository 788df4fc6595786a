/** The files of the open project, and what the explorer shows of them. */
import { create } from "zustand";
import type { FileEntry, FileMessage, Id } from "@/api/types";
import { files as api } from "@/api/client";
import { FuzzyIndex } from "@/lib/fuzzy";
import { whenIdle } from "@/lib/idle";
import { isInside, parent } from "@/lib/path";
import { recall, remember } from "@/lib/storage";
import { resolvePath } from "./references";
import { noSelection, selectOnly, type Selection } from "./selection";
import { Tree } from "./tree";

/** A row whose name is being edited. */
export interface Editing {
  kind: "rename" | "file" | "folder";
  /** The entry's path, or the folder that gets a new one. */
  path: string;
}

interface FilesState {
  projectId: Id | null;
  status: "idle" | "loading" | "ready" | "failed";
  tree: Tree;
  /** Increases with every change of the tree. */
  version: number;
  open: ReadonlySet<string>;
  selection: Selection;
  editing: Editing | null;
  filter: string;
  /** Paths that were cut and not yet pasted. */
  cut: ReadonlySet<string>;
  /** Paths that were copied, to be pasted as often as wanted. */
  copied: readonly string[];
  /** Changed by someone else since they were last opened. */
  changed: ReadonlySet<Id>;
}

export const useFiles = create<FilesState>(() => ({
  projectId: null,
  status: "idle",
  tree: new Tree(),
  version: 0,
  open: new Set(),
  selection: noSelection,
  editing: null,
  filter: "",
  cut: new Set(),
  copied: [],
  changed: new Set(),
}));

const get = useFiles.getState;
const set = useFiles.setState;

export function treeChanged(): void {
  set(({ version }) => ({ version: version + 1 }));
}

/** Reads the list again; the old one stays on the screen meanwhile. */
export async function loadFiles(projectId: Id): Promise<void> {
  if (get().projectId !== projectId) {
    const open = new Set(recall<string[]>(`open.${projectId}`, []));
    set({
      projectId,
      status: "loading",
      tree: new Tree(),
      open,
      selection: noSelection,
      changed: new Set(),
      cut: new Set(),
      copied: [],
      filter: "",
    });
  }
  try {
    const entries = await api.list(projectId);
    if (get().projectId !== projectId) return;
    set(({ version }) => ({ tree: new Tree(entries), status: "ready", version: version + 1 }));
    prepareIndex();
  } catch (error) {
    if (get().projectId === projectId && get().status === "loading") set({ status: "failed" });
    throw error;
  }
}

export function leaveFiles(): void {
  index = null;
  set({ projectId: null, status: "idle", tree: new Tree(), selection: noSelection, editing: null });
}

export function setOpen(path: string, open: boolean): void {
  const next = new Set(get().open);
  if (open) next.add(path);
  else next.delete(path);
  keepOpen(next);
}

export function collapseAll(): void {
  keepOpen(new Set());
}

function keepOpen(open: ReadonlySet<string>): void {
  set({ open });
  const { projectId } = get();
  if (projectId) remember(`open.${projectId}`, [...open].slice(0, 2000));
}

/** Opens every folder above a file and selects it. */
export function selectOpened(id: Id): void {
  const path = entryOf(id)?.path;
  if (!path) return;
  openFolders(path);
  if (!get().selection.chosen.has(path)) set({ selection: selectOnly(path) });
}

function openFolders(path: string): void {
  const open = new Set(get().open);
  for (let folder = parent(path); folder; folder = parent(folder)) open.add(folder);
  if (open.size !== get().open.size) keepOpen(open);
}

/** Opens every folder above a path, selects it and clears the filter. */
export function reveal(path: string): void {
  openFolders(path);
  set({ selection: selectOnly(path), filter: "" });
}

export function entryOf(id: Id): FileEntry | undefined {
  return get().tree.get(id);
}

/** The project's file behind a path as a program sees it. */
export function projectPath(seen: string): string | null {
  const { tree } = get();
  return resolvePath(seen, (path) => tree.at(path)?.type === "file");
}

export function putEntry(entry: FileEntry): void {
  const { content: _content, ...rest } = entry;
  get().tree.upsert(rest);
  treeChanged();
}

export function removeEntries(id: Id): FileEntry[] {
  const gone = get().tree.remove(id);
  if (gone.length) treeChanged();
  return gone;
}

export function markChanged(id: Id, changed: boolean): void {
  if (get().changed.has(id) === changed) return;
  const next = new Set(get().changed);
  if (changed) next.add(id);
  else next.delete(id);
  set({ changed: next });
}

/** Applies a change from the socket; returns the removed entries. */
export function applyFileMessage(message: FileMessage, own: boolean): FileEntry[] {
  const id = message.file?.id ?? message.file_id;
  if (message.change === "deleted") return id ? removeEntries(id) : [];
  if (message.file) {
    putEntry(message.file);
    if (!own && message.change !== "moved" && message.file.type === "file") markChanged(message.file.id, true);
  }
  return [];
}

let index: { tree: Tree; shape: number; fuzzy: FuzzyIndex } | null = null;

/** The index of file names, rebuilt when it is first needed after a change. */
export function fuzzyFiles(): FuzzyIndex {
  const { tree } = get();
  if (!index || index.tree !== tree || index.shape !== tree.shape) {
    index = { tree, shape: tree.shape, fuzzy: new FuzzyIndex(tree.filePaths()) };
  }
  return index.fuzzy;
}

/** Builds the index in idle time, a few milliseconds at a time, so that it is ready for the first search. */
function prepareIndex(): void {
  const { tree } = get();
  const step = () => {
    if (get().tree === tree && !fuzzyFiles().prepare()) whenIdle(step);
  };
  whenIdle(step);
}

/** The folder for a new entry: the selected folder, or the folder of the selected file. */
export function targetFolder(): string {
  const { selection, tree } = get();
  const entry = selection.focus ? tree.at(selection.focus) : undefined;
  if (!entry) return "";
  return entry.type === "folder" ? entry.path : parent(entry.path);
}

export function chosenEntries(): FileEntry[] {
  const { selection, tree } = get();
  return [...selection.chosen].map((path) => tree.at(path)).filter((entry) => entry !== undefined);
}

/** Whether entries can be moved to a folder; copies may also stay where the originals are. */
export function canDrop(paths: readonly string[], folder: string, copies = false): boolean {
  return paths.length > 0 && paths.every((path) => !isInside(folder, path) && (copies || parent(path) !== folder));
}
