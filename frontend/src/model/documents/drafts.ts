/**
 * Unsaved text, kept in IndexedDB so that it survives a crash, a closed page and network loss. IndexedDB has no synchronous
 * write, and a page that closes may not wait: its drafts go to localStorage and are moved when they are next asked for.
 */
import { createStore, del, entries, get, set, type UseStore } from "idb-keyval";
import type { Id } from "@/api/types";
import type { Format } from "./format";
import type { Etag } from "./sync";

export interface Draft {
  projectId: Id;
  path: string;
  text: string;
  /** The server's text and version that the edits started from. */
  base: string;
  etag: Etag;
  /** Drafts of earlier versions have none: their text is stored as it is. */
  format?: Format;
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

export function dropDraft(fileId: Id): Promise<void> {
  forgetNow(fileId);
  return quietly(del(fileId, drafts()), undefined);
}

export async function readDraft(fileId: Id): Promise<Draft | undefined> {
  await settle(fileId);
  return quietly(get<Draft>(fileId, drafts()), undefined);
}

const PREFIX = "engunity.draft.";

/** Keeps a draft before this returns; false when there is no room for it. */
export function keepDraftNow(fileId: Id, draft: Draft): boolean {
  try {
    localStorage.setItem(PREFIX + fileId, JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

function forgetNow(fileId: Id): void {
  try {
    localStorage.removeItem(PREFIX + fileId);
  } catch {
    // A browser without storage has nothing to forget.
  }
}

/** Moves a draft that was kept while a page closed, unless IndexedDB has a later one. */
async function settle(fileId: Id): Promise<void> {
  const kept = readNow(fileId);
  if (!kept) return;
  const stored = await quietly(get<Draft>(fileId, drafts()), undefined);
  try {
    if (!stored || stored.at < kept.at) await set(fileId, kept, drafts());
    forgetNow(fileId);
  } catch {
    // It stays where it is.
  }
}

function readNow(fileId: Id): Draft | null {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + fileId) ?? "null") as Draft | null;
  } catch {
    return null;
  }
}

function keptNow(): Id[] {
  try {
    return Object.keys(localStorage).flatMap((key) => (key.startsWith(PREFIX) ? [key.slice(PREFIX.length)] : []));
  } catch {
    return [];
  }
}

/** What nobody came back for is forgotten. */
const KEPT_MS = 90 * 24 * 3_600_000;

export async function draftsOf(projectId: Id): Promise<[Id, Draft][]> {
  await Promise.all(keptNow().map(settle));
  const all = await quietly(entries<Id, Draft>(drafts()), []);
  for (const [fileId, { at }] of all) if (Date.now() - at > KEPT_MS) void dropDraft(fileId);
  return all.filter(([, draft]) => draft.projectId === projectId);
}
