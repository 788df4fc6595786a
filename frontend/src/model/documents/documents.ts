/**
 * The open files: Monaco models outside React, each with its sync to the server, its draft and its
 * auto-save. Views subscribe to `useDocuments` for what they show and never hold text.
 */
import { create } from "zustand";
import { files as api } from "@/api/client";
import type { FileEntry, Id } from "@/api/types";
import { useFiles, entryOf, markChanged, putEntry } from "@/model/files/store";
import { useSettings } from "@/model/settings";
import { draftsOf, dropDraft, keepDraft, keepDraftNow, readDraft, type Draft, type Kept } from "./drafts";
import { BOM, type Encoding } from "@/lib/encoding";
import { withLf } from "@/lib/lineEnds";
import { languageOf } from "@/lib/languages";
import { loadMonaco, monaco, type Model } from "@/lib/monaco";
import { readStored, writeStored, type Format, type Stored } from "./format";
import { replaceText } from "./replace";
import { DocumentSync, type Etag, type Phase, type Port } from "./sync";

export interface OpenDocument {
  fileId: Id;
  /** Kept when the file is deleted. */
  path: string;
  model: Model;
  sync: DocumentSync;
  format: Format;
  /** The text that the server has, with its line ends. */
  original: string;
}

export type Status =
  | { kind: "loading" }
  | ({ kind: "text"; phase: Phase; conflict?: Etag } & Format)
  | { kind: "binary" }
  | { kind: "large" }
  | { kind: "failed"; error: unknown };

interface DocumentsState {
  status: Readonly<Record<Id, Status>>;
}

export const useDocuments = create<DocumentsState>(() => ({ status: {} }));

const AUTO_SAVE_MS = 5000;
const DRAFT_MS = 400;
/** Larger files are opened only on request: highlighting and diffing them takes seconds. */
export const LARGE_BYTES = 8_000_000;

const documents = new Map<Id, OpenDocument>();
const addresses = new Map<string, Id>();
const opening = new Map<Id, Promise<void>>();
/** Files whose last tab was closed; opening one again removes it from here. */
const releasing = new Set<Id>();
/** Encodings that were chosen for files whose bytes do not tell them. */
const readAs = new Map<Id, Encoding>();
const timers = new Map<string, ReturnType<typeof setTimeout>>();
let reportFailedSave: (name: string, error: unknown) => void = () => {};

/** Registers how a failed save is reported. */
export function onFailedSave(report: (name: string, error: unknown) => void): void {
  reportFailedSave = report;
}

export function documentOf(fileId: Id): OpenDocument | undefined {
  return documents.get(fileId);
}

export function openDocuments(): OpenDocument[] {
  return [...documents.values()];
}

function setStatus(fileId: Id, status: Status | null): void {
  const old = useDocuments.getState().status[fileId];
  // Typing changes the phase once, not with every key: views need no further update.
  if (old?.kind === "text" && status?.kind === "text" && sameText(old, status)) return;
  useDocuments.setState(({ status: all }) => {
    const next = { ...all };
    if (status) next[fileId] = status;
    else delete next[fileId];
    return { status: next };
  });
}

type TextStatus = Extract<Status, { kind: "text" }>;

function sameText(a: TextStatus, b: TextStatus): boolean {
  return a.phase === b.phase && a.conflict === b.conflict && a.encoding === b.encoding && a.lineEnds === b.lineEnds;
}

function showText({ fileId, sync, format }: OpenDocument): void {
  setStatus(fileId, { kind: "text", phase: sync.phase, conflict: sync.conflict?.etag, ...format });
}

function debounce(key: string, ms: number, work: () => void): void {
  clearTimeout(timers.get(key));
  timers.set(key, setTimeout(work, ms));
}

function clearTimer(key: string): void {
  clearTimeout(timers.get(key));
  timers.delete(key);
}

/** Loads a file into the editor, once; `force` also loads a large one. */
export function ensureDocument(fileId: Id, force = false): Promise<void> {
  releasing.delete(fileId);
  if (documents.has(fileId)) return Promise.resolve();
  const known = opening.get(fileId);
  if (known) return known;
  const work = load(fileId, force)
    .catch((error) => setStatus(fileId, { kind: "failed", error }))
    .finally(() => opening.delete(fileId));
  opening.set(fileId, work);
  return work;
}

async function load(fileId: Id, force: boolean): Promise<void> {
  const known = entryOf(fileId);
  if (known && !known.binary && known.size > LARGE_BYTES && !force) return setStatus(fileId, { kind: "large" });
  setStatus(fileId, { kind: "loading" });
  const [stored] = await Promise.all([readStored(fileId, readAs.get(fileId)), loadMonaco()]);
  if (releasing.delete(fileId)) return setStatus(fileId, null);
  if (!stored) return setStatus(fileId, { kind: "binary" });
  if (stored.entry.size > LARGE_BYTES && !force) return setStatus(fileId, { kind: "large" });
  await createDocument(stored);
}

async function createDocument({ entry, text, format, original }: Stored): Promise<void> {
  const model = createModel(entry, text);
  const document: OpenDocument = { fileId: entry.id, path: entry.path, model, format, original, sync: null! };
  showLineEnds(document);
  document.sync = new DocumentSync(entry.id, text, entry.etag, portOf(document));
  documents.set(entry.id, document);
  model.onDidChangeContent(({ isEolChange }) => {
    // Line ends are part of the format.
    if (isEolChange) return;
    document.sync.edited();
    markChanged(entry.id, false);
  });
  showText(document);
  const draft = await readDraft(entry.id);
  if (draft) await restore(document, draft);
}

async function restore(document: OpenDocument, { text, base, etag, format }: Draft): Promise<void> {
  const known = document.format;
  if (format) takeFormat(document, format);
  const plain = (text: string) => withLf(text.replace(BOM, ""));
  await document.sync.restore(plain(text), plain(base), etag);
  const differs = format && (format.encoding !== known.encoding || format.lineEnds !== known.lineEnds);
  if (differs && document.sync.phase === "clean") document.sync.touched();
}

/** What is copied out of the editor has the line ends of the file. */
function showLineEnds({ model, format }: OpenDocument): void {
  const { CRLF, LF } = monaco().editor.EndOfLineSequence;
  model.setEOL(format.lineEnds === "CRLF" ? CRLF : LF);
}

/** A `file:` address with the project's path lets imports between open files resolve. */
function createModel(entry: FileEntry, text: string): Model {
  const path = `/${entry.path}`;
  const free = monaco().Uri.from({ scheme: "file", path });
  // A renamed file's model keeps its first address, so a new file at the old path needs another.
  const uri = monaco().editor.getModel(free) ? monaco().Uri.from({ scheme: "file", path, query: entry.id }) : free;
  addresses.set(uri.toString(), entry.id);
  return monaco().editor.createModel(text, languageOf(entry.path).monaco, uri);
}

/** The file of a model's URI. */
export function fileIdOf(uri: string): Id | undefined {
  return addresses.get(uri);
}

function portOf(document: OpenDocument): Port {
  const { fileId, model } = document;
  return {
    read: () => readAgain(document),
    write: async (_, text, etag) => {
      const { format } = document;
      const { entry, original } = await writeStored(fileId, text, format, document.original, etag);
      document.original = original;
      putEntry(entry);
      return entry;
    },
    text: () => textOf(model),
    version: () => model.getAlternativeVersionId(),
    replace: (text) => replaceText(model, text),
    changed: ({ phase }) => {
      showText(document);
      if (phase === "clean") onClean(fileId);
      else debounce(`draft:${fileId}`, DRAFT_MS, () => void updateDraft(fileId));
    },
    schedule: () => debounce(`save:${fileId}`, AUTO_SAVE_MS, () => void autoSave(fileId)),
    retry: (ms) => debounce(`retry:${fileId}`, ms, () => void documents.get(fileId)?.sync.save()),
    failed: (error) => reportFailedSave(entryOf(fileId)?.name ?? "The file", error),
  };
}

function textOf(model: Model): string {
  return model.getValue(monaco().editor.EndOfLinePreference.LF);
}

/** Reads the server's version. Without unsaved changes here, its format counts. */
async function readAgain(document: OpenDocument): Promise<FileEntry> {
  const stored = await readStored(document.fileId, readAs.get(document.fileId));
  if (!stored) throw new Error("The file is not a text any more");
  document.original = stored.original;
  if (!document.sync.dirty) takeFormat(document, stored.format);
  return { ...stored.entry, content: stored.text };
}

function takeFormat(document: OpenDocument, format: Format): void {
  document.format = format;
  showLineEnds(document);
  showText(document);
}

/** Stores a file with other line ends or in another encoding, from the next save on. */
export function changeFormat(fileId: Id, change: Partial<Format>): void {
  const document = documents.get(fileId);
  if (!document) return;
  if (change.encoding) readAs.delete(fileId);
  takeFormat(document, { ...document.format, ...change });
  document.sync.touched();
}

/** Reads the bytes of a file again as another encoding; unsaved changes must be saved before. */
export async function reopenWith(fileId: Id, encoding: Encoding): Promise<void> {
  readAs.set(fileId, encoding);
  const document = documents.get(fileId);
  if (!document) return ensureDocument(fileId, true);
  const stored = await readStored(fileId, encoding);
  if (!stored || document.sync.dirty) return;
  document.original = stored.original;
  takeFormat(document, { ...stored.format, encoding });
  document.sync.reread(stored.text, stored.entry.etag);
}

async function autoSave(fileId: Id): Promise<void> {
  if (useSettings.getState().autoSave) await documents.get(fileId)?.sync.save();
}

/** An old draft is dropped at once: a reload would take it for a change. A file without a tab is no longer needed. */
function onClean(fileId: Id): void {
  clearTimer(`draft:${fileId}`);
  void dropDraft(fileId);
  if (releasing.delete(fileId)) dispose(fileId);
}

/** Stores the text that the server does not have. */
async function updateDraft(fileId: Id): Promise<void> {
  const draft = unsavedDraft(documents.get(fileId));
  if (draft) await keepDraft(fileId, draft);
}

/** The text that the server does not have; null when it has all of it. */
function unsavedDraft(document: OpenDocument | undefined): Draft | null {
  const { projectId } = useFiles.getState();
  if (!document?.sync.dirty || !projectId) return null;
  const { path, model, sync, format } = document;
  return { projectId, path, format, text: textOf(model), base: sync.base, etag: sync.etag, at: Date.now() };
}

/** Stores all drafts before it returns, because the page may close; false when there is no room for one. */
export function keepAllDrafts(): boolean {
  let kept = true;
  for (const document of documents.values()) {
    const draft = unsavedDraft(document);
    if (!draft) continue;
    void keepDraft(document.fileId, draft);
    kept = keepDraftNow(document.fileId, draft) && kept;
  }
  return kept;
}

export async function saveDocument(fileId: Id): Promise<boolean> {
  clearTimer(`save:${fileId}`);
  return (await documents.get(fileId)?.sync.save()) ?? true;
}

/** Saves everything unsaved; false when something could not be. */
export async function saveAll(): Promise<boolean> {
  const results = await Promise.all(openDocuments().map(({ fileId }) => saveDocument(fileId)));
  return results.every(Boolean);
}

/** The last tab of a file was closed: saves or drafts the text, then disposes of the model. A save that is tried again keeps it. */
export async function releaseDocument(fileId: Id): Promise<void> {
  const document = documents.get(fileId);
  if (document || opening.has(fileId)) releasing.add(fileId);
  if (!document) return setStatus(fileId, null);
  const { sync } = document;
  if (sync.dirty && sync.phase !== "gone" && !(await saveDocument(fileId))) await updateDraft(fileId);
  if (sync.phase === "retrying" || sync.phase === "offline") return;
  if (releasing.delete(fileId)) dispose(fileId);
}

/** Forgets the unsaved text of a file. */
export function discardDocument(fileId: Id): void {
  dispose(fileId);
  void dropDraft(fileId);
}

/** Whether closing a file would lose text, or save it unasked. */
export function isUnsaved(fileId: Id): boolean {
  const phase = documents.get(fileId)?.sync.phase;
  return phase === "dirty" || phase === "failed" || phase === "retrying" || phase === "offline";
}

export function dispose(fileId: Id): void {
  const model = documents.get(fileId)?.model;
  if (model) addresses.delete(model.uri.toString());
  model?.dispose();
  documents.delete(fileId);
  releasing.delete(fileId);
  for (const kind of ["save", "retry", "draft"]) clearTimer(`${kind}:${fileId}`);
  setStatus(fileId, null);
}

export function disposeAll(): void {
  keepAllDrafts();
  for (const fileId of [...documents.keys()]) dispose(fileId);
  useDocuments.setState({ status: {} });
}

/** The file has a new path: its language follows. */
export function renamedDocument(fileId: Id, path: string): void {
  const document = documents.get(fileId);
  if (!document) return;
  document.path = path;
  monaco().editor.setModelLanguage(document.model, languageOf(path).monaco);
}

/** Saves what was written offline, also in files that are not open; returns how many are in conflict. */
export async function sendDrafts(projectId: Id): Promise<number> {
  const waiting = openDocuments().filter(({ sync }) => ["offline", "retrying", "failed"].includes(sync.phase));
  await Promise.all(waiting.map(({ fileId }) => saveDocument(fileId)));
  let unsent = 0;
  for (const { slot, fileId, draft } of await draftsOf(projectId)) {
    // An open file restores and saves its draft itself.
    if (documents.has(fileId) || opening.has(fileId) || !useFiles.getState().tree.get(fileId)) continue;
    try {
      const entry = await sendDraft(fileId, draft);
      putEntry(entry);
      await dropDraft(fileId, slot);
      // The file may have been opened meanwhile, with the old text.
      await opening.get(fileId);
      void documents.get(fileId)?.sync.remote(entry.etag);
    } catch {
      // Changed on the server meanwhile: the draft stays, and opening the file shows the merge.
      unsent++;
    }
  }
  return unsent;
}

/** A draft is sent to the version that it started from only, in the format that it had. */
async function sendDraft(fileId: Id, { text, etag, format }: Draft): Promise<FileEntry> {
  if (!etag) throw new Error("a draft without a version is never sent blindly");
  if (!format) return api.save(fileId, text, etag);
  const original = format.lineEnds === "mixed" ? (await readStored(fileId))?.original : undefined;
  return (await writeStored(fileId, text, format, original ?? text, etag)).entry;
}

/** Unsaved text of files that somebody else deleted. */
export async function draftsOfDeletedFiles(projectId: Id): Promise<Kept[]> {
  const { tree } = useFiles.getState();
  return (await draftsOf(projectId)).filter(({ fileId }) => !tree.get(fileId) && !documents.has(fileId) && !opening.has(fileId));
}
