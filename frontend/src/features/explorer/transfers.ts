/** Moving, copying and deleting what is chosen, in one call each. The screen changes first; what the server refuses is put back and named. */
import { files as api } from "@/api/client";
import type { FileEntry, Id, OnConflict } from "@/api/types";
import { count } from "@/lib/format";
import { basename, isCovered, isInside, join, parent } from "@/lib/path";
import { isUnsaved, openDocuments, saveDocument } from "@/model/documents/documents";
import { askingConflicts, bulk, inTurn, type BulkOutcome } from "@/model/files/bulk";
import { selectMany, selectOnly } from "@/model/files/selection";
import {
  canDrop,
  chosenEntries,
  loadFiles,
  putEntry,
  removeEntries,
  setOpen,
  targetFolder,
  treeChanged,
  useFiles,
} from "@/model/files/store";
import { topmost } from "@/model/files/tree";
import { restoreDeletions } from "@/model/trash";
import { useLive } from "@/model/live/store";
import { askConflicts } from "@/shell/questions/conflicts";
import { closeFiles } from "@/shell/tabs/open";
import { tellFailures } from "@/shell/toasts/failures";
import { dismiss, toast } from "@/shell/toasts/store";
import { showAt } from "./actions";
import { forget, remember, undoStep } from "./undo";

const get = useFiles.getState;
const set = useFiles.setState;

const at = (paths: readonly string[]) => topmost(paths).flatMap((path) => get().tree.at(path) ?? []);
const named = (entries: readonly { name: string }[]) => (entries.length === 1 ? entries[0]!.name : count(entries.length, "item"));

/** How long the notification of a deletion offers to undo it; Ctrl+Z in the tree does at any time. */
const UNDO_MS = 6000;

interface Deletion {
  /** What was removed from the screen. */
  gone: FileEntry[];
  outcome: BulkOutcome;
}

/** Moves the selection to the trash. Unsaved text is saved before, so that it is in the trash too. */
export async function removeChosen(): Promise<void> {
  const { projectId } = get();
  const roots = at(chosenEntries().map(({ path }) => path));
  if (!projectId || !roots.length) return;
  await saveBelow(roots);
  const gone = removeFromScreen(roots);
  const label = named(roots);
  const deletion = sendDeletion(projectId, roots, gone);
  const step = remember(`delete ${label}`, async () => undelete(projectId, await deletion));
  const note = toast(`Deleted ${label}`, { ms: UNDO_MS, action: { label: "Undo", run: () => void undoStep(step) } });
  const { outcome } = await deletion;
  if (outcome.failed.length < roots.length) return;
  forget(step);
  dismiss(note);
}

async function saveBelow(roots: readonly FileEntry[]): Promise<void> {
  const paths = new Set(roots.map(({ path }) => path));
  const unsaved = openDocuments().filter(({ fileId, path }) => isUnsaved(fileId) && isCovered(path, paths));
  await Promise.all(unsaved.map(({ fileId }) => saveDocument(fileId)));
}

function removeFromScreen(roots: readonly FileEntry[]): FileEntry[] {
  const next = neighbour(roots.map(({ path }) => path));
  const gone = roots.flatMap(({ id }) => removeEntries(id));
  const ids = new Set(gone.map(({ id }) => id));
  closeFiles((fileId) => ids.has(fileId));
  set({ selection: next ? selectOnly(next) : { chosen: new Set(), focus: null, anchor: null } });
  return gone;
}

async function sendDeletion(projectId: Id, roots: readonly FileEntry[], gone: FileEntry[]): Promise<Deletion> {
  const paths = roots.map(({ path }) => path);
  const outcome = await inTurn(() => bulk(projectId, { operation: "delete", paths }));
  const failed = outcome.failed.filter(({ code }) => code !== "not_found");
  if (get().projectId === projectId) giveBack(gone, new Set(failed.map(({ path }) => path)));
  tellFailures("deleted", failed, roots.length);
  return { gone, outcome: { ...outcome, failed } };
}

/** Shows removed entries again: those at or below these paths. */
function giveBack(gone: readonly FileEntry[], paths: ReadonlySet<string>): void {
  const back = gone.filter(({ path }) => isCovered(path, paths) && !get().tree.at(path));
  for (const entry of back) get().tree.upsert(entry);
  if (back.length) treeChanged();
}

async function undelete(projectId: Id, { gone, outcome }: Deletion): Promise<boolean> {
  const { done, failed } = await inTurn(() => restoreDeletions(projectId, outcome.deletions, askConflicts));
  tellFailures("restored", failed, done.length + failed.length);
  if (!done.length) return false;
  const known = new Map(gone.map(({ id, path }) => [id, path]));
  // An entry that came back as another one, or under another name, is known to the file list only.
  if (done.every(({ id, path }) => known.get(id) === path)) giveBack(gone, new Set(done.map(({ path }) => path)));
  else await loadFiles(projectId);
  set({ selection: selectMany(done.map(({ path }) => path)) });
  return true;
}

/** The row to select after the selected ones are removed. */
function neighbour(paths: readonly string[]): string | null {
  const { tree, open } = get();
  const leaving = new Set(paths);
  const rows = tree.rows(open);
  const stays = ({ path }: { path: string }) => !isCovered(path, leaving);
  const first = rows.findIndex((row) => !stays(row));
  return (rows.slice(first).find(stays) ?? rows.slice(0, first).findLast(stays))?.path ?? null;
}

/** An entry and where it came from. */
interface Moved {
  id: Id;
  from: string;
}

export async function moveTo(paths: readonly string[], folder: string): Promise<void> {
  const { projectId, tree } = get();
  const entries = at(paths).map((entry) => ({ ...entry }));
  if (!projectId || !canDrop(topmost(paths), folder) || (folder && !tree.at(folder))) return;
  const outcome = await move(projectId, entries, folder, true);
  if (folder) setOpen(folder, true);
  const done = new Set(outcome.done.map(({ from }) => from));
  const moved: Moved[] = entries.filter(({ path }) => done.has(path)).map(({ id, path }) => ({ id, from: path }));
  if (moved.length) remember(`move ${named(entries)}`, () => moveBack(projectId, moved, outcome.deletions));
}

/** Moves entries into a folder. A name that is taken there is asked about, or has failed. */
async function move(projectId: Id, entries: readonly FileEntry[], folder: string, asking: boolean): Promise<BulkOutcome> {
  const free = entries.filter(({ name }) => !get().tree.at(join(folder, name)));
  for (const entry of free) showAt(entry, join(folder, entry.name));
  const attempt = (on_conflict: OnConflict, again?: readonly string[]) =>
    bulk(projectId, { operation: "move", paths: again ?? entries.map(({ path }) => path), into: folder, on_conflict });
  const outcome = await inTurn(() => (asking ? askingConflicts(attempt, askConflicts) : attempt("fail")));
  if (get().projectId === projectId) await settle(projectId, entries, outcome);
  tellFailures("moved", outcome.failed, entries.length);
  return outcome;
}

/** Shows each entry where the server has it. */
async function settle(projectId: Id, entries: readonly FileEntry[], { done, deletions }: BulkOutcome): Promise<void> {
  const places = new Map(done.map(({ from, path }) => [from, path]));
  // What was replaced is gone.
  if (deletions.length) await loadFiles(projectId);
  for (const { id, path } of entries) {
    const entry = get().tree.get(id);
    const place = places.get(path) ?? path;
    if (entry && entry.path !== place) showAt(entry, place);
  }
  choose(entries.map(({ id }) => id));
}

function choose(ids: readonly Id[]): void {
  set({ selection: selectMany(ids.flatMap((id) => get().tree.get(id)?.path ?? [])) });
}

/** Moves entries back to the folders and names that they had, and restores what they replaced. */
async function moveBack(projectId: Id, moved: readonly Moved[], replaced: readonly Id[]): Promise<boolean> {
  let all = true;
  for (const folder of new Set(moved.map(({ from }) => parent(from)))) {
    const group = moved.filter(({ from }) => parent(from) === folder);
    const entries = group.flatMap(({ id }) => get().tree.get(id) ?? []);
    const known = !folder || get().tree.at(folder) !== undefined;
    if (!known || entries.length < group.length) all = false;
    if (known && entries.length) all = !(await move(projectId, entries, folder, false)).failed.length && all;
  }
  for (const { id, from } of moved) {
    const entry = get().tree.get(id);
    if (entry && entry.name !== basename(from)) putEntry(await inTurn(() => api.patch(id, { name: basename(from) })));
  }
  if (replaced.length) await inTurn(() => restoreDeletions(projectId, replaced, askConflicts));
  choose(moved.map(({ id }) => id));
  return all;
}

/** Copies entries into a folder; where the originals are, the copies get names of their own. */
export async function copyTo(paths: readonly string[], folder: string): Promise<void> {
  const { projectId } = get();
  const entries = at(paths);
  if (!projectId || !canDrop(topmost(paths), folder, true)) return;
  const beside = entries.every(({ path }) => parent(path) === folder);
  const attempt = (on_conflict: OnConflict, again?: readonly string[]) =>
    bulk(projectId, { operation: "copy", paths: again ?? entries.map(({ path }) => path), into: folder, on_conflict });
  const outcome = await inTurn(() => (beside ? attempt("rename") : askingConflicts(attempt, askConflicts)));
  tellFailures("copied", outcome.failed, entries.length);
  if (!outcome.done.length || get().projectId !== projectId) return;
  await showCopies(projectId, outcome);
  if (folder) setOpen(folder, true);
  choose(outcome.done.map(({ id }) => id));
  remember(`copy ${named(entries)}`, () => removeCopies(projectId, outcome));
}

/** The socket tells what is in copied folders; while it is closed, the list is read again. */
async function showCopies(projectId: Id, { done, deletions }: BulkOutcome): Promise<void> {
  const originals = done.map(({ from }) => get().tree.at(from ?? ""));
  if (deletions.length || useLive.getState().link !== "open" || originals.some((entry) => entry?.type !== "file"))
    return loadFiles(projectId);
  for (const [index, { id, path }] of done.entries()) {
    putEntry({ ...originals[index]!, id, path, name: basename(path) });
  }
}

async function removeCopies(projectId: Id, { done, deletions }: BulkOutcome): Promise<boolean> {
  const copies = done.flatMap(({ id }) => get().tree.get(id) ?? []);
  if (!copies.length) return false;
  const gone = removeFromScreen(copies);
  const { outcome } = await sendDeletion(projectId, copies, gone);
  if (deletions.length) await inTurn(() => restoreDeletions(projectId, deletions, askConflicts));
  return outcome.failed.length === 0;
}

const chosenPaths = () => topmost(chosenEntries().map(({ path }) => path));

/** Marks the selection to be moved: dragging, by keyboard. */
export function cutChosen(): void {
  set({ cut: new Set(chosenPaths()), copied: [] });
}

export function copyChosen(): void {
  const copied = chosenPaths();
  if (copied.length) set({ copied, cut: new Set() });
}

export function canPaste(): boolean {
  const { cut, copied } = get();
  return cut.size > 0 || copied.length > 0;
}

export async function paste(): Promise<void> {
  const { cut, copied, tree } = get();
  const copies = copied.length > 0;
  const paths = (copies ? copied : [...cut]).filter((path) => tree.at(path));
  const folder = pasteFolder(paths, copies);
  set({ cut: new Set() });
  if (!paths.length) return;
  if (!canDrop(paths, folder, copies)) return void toast(`The selection can't be ${copies ? "copied" : "moved"} there`);
  await (copies ? copyTo(paths, folder) : moveTo(paths, folder));
}

/** A folder that is pasted while it is chosen goes beside itself. */
function pasteFolder(paths: readonly string[], copies: boolean): string {
  const folder = targetFolder();
  return copies && paths.some((path) => isInside(folder, path)) ? parent(folder) : folder;
}
