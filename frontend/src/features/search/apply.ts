/** Applies replacements: in the editor where a file is open, else by a save that names the version it was read from. */
import { ApiError, messageOf } from "@/api/problem";
import type { SearchHit } from "@/api/search";
import type { BulkFailure, Id } from "@/api/types";
import { count } from "@/lib/format";
import { monaco } from "@/lib/monaco";
import { documentOf, saveDocument } from "@/model/documents/documents";
import { readStored, writeStored } from "@/model/documents/format";
import { replaceText } from "@/model/documents/replace";
import { inTurn } from "@/model/files/bulk";
import { putEntry, useFiles } from "@/model/files/store";
import { ask } from "@/shell/questions/store";
import { tellFailures } from "@/shell/toasts/failures";
import { dismiss, toast, update } from "@/shell/toasts/store";
import { applied, planned, replacer, type Planned } from "./replace";
import { matchCount } from "./rows";
import { searchNow } from "./run";
import { shownHits, useSearch } from "./store";

/** What was replaced in a file, to be taken back. */
interface Replaced {
  fileId: Id;
  path: string;
  before: string;
  after: string;
}

let last: { projectId: Id; files: Replaced[] } | null = null;

export function canUndoReplace(): boolean {
  return last !== null && last.projectId === useFiles.getState().projectId;
}

/** The text of a file now, unsaved changes included; null when it is none. */
export async function textNow(fileId: Id): Promise<string | null> {
  const document = documentOf(fileId);
  if (document) return document.model.getValue(monaco().editor.EndOfLinePreference.LF);
  return (await readStored(fileId))?.text ?? null;
}

/** What the fields would make of a file's text. */
export function plan(text: string, hits: readonly SearchHit[]): Planned {
  const { text: query, mode, matchCase, replacement } = useSearch.getState();
  return planned(text, hits, replacer({ text: query, regex: mode === "regex", matchCase }, replacement));
}

/** Replaces in these hits, or in all that are shown after a question. */
export async function replaceIn(hits: readonly SearchHit[]): Promise<void> {
  const { projectId } = useFiles.getState();
  if (!projectId || !hits.length) return;
  const paths = [...new Set(hits.map(({ path }) => path))];
  const work = paths.map((path) => ({
    path,
    run: () =>
      replaceInFile(
        path,
        hits.filter((hit) => hit.path === path),
      ),
  }));
  const files = await each(work, "replaced in");
  if (files.length) last = { projectId, files };
  const replaced = count(
    files.reduce((sum, file) => sum + file.count, 0),
    "occurrence",
  );
  if (files.length) {
    const action = { label: "Undo", run: () => void undoReplace() };
    toast(`Replaced ${replaced} in ${count(files.length, "file")}`, { tone: "success", action, ms: UNDO_MS });
  }
  await searchNow();
}

const UNDO_MS = 20_000;

export async function replaceAll(): Promise<void> {
  const hits = shownHits(useSearch.getState());
  if (!hits.length) return;
  const { replacement } = useSearch.getState();
  const files = [...new Set(hits.map(({ path }) => path))];
  const { choice } = await ask({
    title: `Replace ${count(matchCount(hits), "occurrence")} in ${count(files.length, "file")}?`,
    text: replacement ? `They become “${replacement}”. This can be undone.` : "They are removed. This can be undone.",
    items: files,
    choices: [
      { id: "cancel", label: "Cancel" },
      { id: "replace", label: "Replace all", tone: "primary" },
    ],
  });
  if (choice === "replace") await replaceIn(hits);
}

async function replaceInFile(path: string, hits: readonly SearchHit[]): Promise<Replaced & { count: number }> {
  const entry = useFiles.getState().tree.at(path);
  const text = entry ? await textNow(entry.id) : null;
  if (!entry || text === null) throw new Error("the file is gone");
  const { replacements, stale } = plan(text, hits);
  if (stale || !replacements.length) throw new Error("it was changed since the search");
  const after = applied(text, replacements);
  await write(entry.id, text, after);
  return { fileId: entry.id, path, before: text, after, count: replacements.length };
}

/** Replaces a file's text by another, if it still is what it was. */
async function write(fileId: Id, before: string, after: string): Promise<void> {
  const document = documentOf(fileId);
  if (document) {
    replaceText(document.model, after);
    if (!(await saveDocument(fileId))) throw new Error("it is changed in the editor, but could not be saved yet");
    return;
  }
  const stored = await readStored(fileId);
  if (stored?.text !== before) throw new Error("it was changed meanwhile");
  const { entry } = await writeStored(fileId, after, stored.format, stored.original, stored.entry.etag);
  putEntry(entry);
}

/** Takes the last replacement back, in every file that nobody has changed since. */
export async function undoReplace(): Promise<void> {
  if (!last || !canUndoReplace()) return void toast("Nothing to undo in the search");
  const { files } = last;
  last = null;
  const work = files.map(({ fileId, path, before, after }) => ({
    path,
    run: async () => {
      if ((await textNow(fileId)) !== after) throw new Error("it was changed since");
      await write(fileId, after, before);
    },
  }));
  const done = await each(work, "undone in");
  if (done.length) toast(`Undone in ${count(done.length, "file")}`, { tone: "success" });
  await searchNow();
}

/** Runs one after another with a bar for progress; failures are named in one message. */
async function each<T>(work: readonly { path: string; run(): Promise<T> }[], verb: string): Promise<T[]> {
  const note = work.length > 3 ? toast("Replacing…", { progress: 0 }) : null;
  const done: T[] = [];
  const failed: BulkFailure[] = [];
  for (const [index, { path, run }] of work.entries()) {
    try {
      done.push(await inTurn(run));
    } catch (error) {
      const stale = error instanceof ApiError && error.status === 412;
      failed.push({ path, code: "", detail: stale ? "it was changed meanwhile" : messageOf(error) });
    }
    if (note) update(note, { progress: (index + 1) / work.length });
  }
  if (note) dismiss(note);
  tellFailures(verb, failed, work.length);
  return done;
}
