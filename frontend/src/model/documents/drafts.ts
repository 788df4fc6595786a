/** Unsaved text, kept in IndexedDB so that it survives a crash, a closed page and network loss. */
import { createStore, del, entries, get, set, type UseStore } from "idb-keyval";
import type { Id } from "@/api/types";
import type { Etag } from "./sync";

export interface Draft {
  projectId: Id;
  path: string;
  text: string;
  /** The server's text and version that the edits started from. */
  base: string;
  etag: Etag;
  at: number;
}

let store: UseStore | null = null;
const drafts = () => (store ??= createStore("engunity-drafts", "drafts"));

/** Without IndexedDB (private modes) edits live as long as the page does. */
async function quietly<T>(work: Promise<T>, fallback: T): Promise<T> {
  try {
    return await work;
  } catch {
    return fallback;
  }
}

export const keepDraft = (fileId: Id, draft: Draft) => quietly(set(fileId, draft, drafts()), undefined);
export const dropDraft = (fileId: Id) => quietly(del(fileId, drafts()), undefined);
export const readDraft = (fileId: Id) => quietly(get<Draft>(fileId, drafts()), undefined);

/** What nobody came back for is forgotten. */
const KEPT_MS = 90 * 24 * 3_600_000;

export async function draftsOf(projectId: Id): Promise<[Id, Draft][]> {
  const all = await quietly(entries<Id, Draft>(drafts()), []);
  for (const [fileId, { at }] of all) if (Date.now() - at > KEPT_MS) void dropDraft(fileId);
  return all.filter(([, draft]) => draft.projectId === projectId);
}
