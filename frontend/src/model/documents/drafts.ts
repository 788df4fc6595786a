/**
 * Unsaved text, kept in IndexedDB so that it survives a crash, a closed page and network loss. IndexedDB has no synchronous
 * write, and a page that closes may not wait: its drafts go to localStorage and are moved when they are next asked for.
 *
 * Each browser tab has a slot of its own for each file, so that two tabs never overwrite each other's text. A slot of a tab
 * that is gone belongs to whoever opens the file next.
 */
import { createStore, del, entries, get, set, type UseStore } from "idb-keyval";
import type { Id } from "@/api/types";
import type { Format } from "./format";
import { otherPages, pageId } from "./page";
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

/** The key of a draft: the file and the tab. Drafts of earlier versions have no tab. */
export type Slot = string;

const slotOf = (fileId: Id): Slot => `${fileId} ${pageId()}`;
const fileOf = (slot: Slot): Id => slot.split(" ")[0]!;
const pageOf = (slot: Slot): string => slot.split(" ")[1] ?? "";

export const keepDraft = (fileId: Id, draft: Draft) => quietly(set(slotOf(fileId), draft, drafts()), undefined);

/** Forgets this tab's draft of a file, or the draft in a slot. */
export function dropDraft(fileId: Id, slot = slotOf(fileId)): Promise<void> {
  forgetNow(slot);
  return quietly(del(slot, drafts()), undefined);
}

/** This tab's draft of a file, or the newest that a tab left behind, which becomes this tab's. */
export async function readDraft(fileId: Id): Promise<Draft | undefined> {
  const free = (await freeDrafts()).filter((kept) => kept.fileId === fileId);
  const found = free.find(({ slot }) => slot === slotOf(fileId)) ?? free.toSorted((a, b) => b.draft.at - a.draft.at)[0];
  if (!found) return undefined;
  if (found.slot !== slotOf(fileId)) {
    await keepDraft(fileId, found.draft);
    await dropDraft(fileId, found.slot);
  }
  return found.draft;
}

const PREFIX = "engunity.draft.";

/** Keeps a draft before this returns; false when there is no room for it. */
export function keepDraftNow(fileId: Id, draft: Draft): boolean {
  try {
    localStorage.setItem(PREFIX + slotOf(fileId), JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

function forgetNow(slot: Slot): void {
  try {
    localStorage.removeItem(PREFIX + slot);
  } catch {
    // A browser without storage has nothing to forget.
  }
}

/** Moves a draft that was kept while a page closed, unless IndexedDB has a later one. */
async function settle(slot: Slot): Promise<void> {
  const kept = readNow(slot);
  if (!kept) return;
  const stored = await quietly(get<Draft>(slot, drafts()), undefined);
  try {
    if (!stored || stored.at < kept.at) await set(slot, kept, drafts());
    forgetNow(slot);
  } catch {
    // It stays where it is.
  }
}

function readNow(slot: Slot): Draft | null {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + slot) ?? "null") as Draft | null;
  } catch {
    return null;
  }
}

function keptNow(): Slot[] {
  try {
    return Object.keys(localStorage).flatMap((key) => (key.startsWith(PREFIX) ? [key.slice(PREFIX.length)] : []));
  } catch {
    return [];
  }
}

export interface Kept {
  slot: Slot;
  fileId: Id;
  draft: Draft;
}

/** What nobody came back for is forgotten. */
const KEPT_MS = 90 * 24 * 3_600_000;

/** The drafts of this tab and of tabs that are gone. */
async function freeDrafts(): Promise<Kept[]> {
  const others = await otherPages();
  const isFree = (slot: Slot) => !others.has(pageOf(slot));
  await Promise.all(keptNow().filter(isFree).map(settle));
  const all = await quietly(entries<Slot, Draft>(drafts()), []);
  const free = all.filter(([slot]) => isFree(slot)).map(([slot, draft]): Kept => ({ slot, fileId: fileOf(slot), draft }));
  for (const { slot, fileId, draft } of free) if (Date.now() - draft.at > KEPT_MS) void dropDraft(fileId, slot);
  return free;
}

export async function draftsOf(projectId: Id): Promise<Kept[]> {
  return (await freeDrafts()).filter(({ draft }) => draft.projectId === projectId);
}
