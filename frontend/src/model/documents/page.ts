/**
 * The id of this browser tab: a reload keeps it, a duplicated tab gets another. While a tab lives it holds a lock of its id,
 * so that the others know which of them are there. Where a browser has no locks (plain HTTP), no other tab counts as living.
 */
import { randomId } from "@/lib/random";

const KEY = "engunity.page";
const LOCK = "engunity.page.";
/** A page that is reloaded frees its lock at once; a duplicated tab waits this long for a lock that stays taken. */
const CLAIM_MS = 700;

let id: string | null = null;
let claiming: Promise<void> | null = null;

export function pageId(): string {
  id ??= recalled() ?? renamed();
  return id;
}

/** Makes sure that no other tab uses this one's id. */
export function claimPage(): Promise<void> {
  claiming ??= claim();
  return claiming;
}

async function claim(): Promise<void> {
  if (!navigator.locks || (await hold(pageId()))) return;
  id = renamed();
  await hold(id);
}

/** The ids of the other tabs that are open. */
export async function otherPages(): Promise<Set<string>> {
  await claimPage();
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  const names = held.flatMap(({ name }) => (name?.startsWith(LOCK) ? [name.slice(LOCK.length)] : []));
  return new Set(names.filter((name) => name !== pageId()));
}

/** Takes the lock until the page goes; false when another tab keeps it. */
function hold(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const held = () => {
      resolve(true);
      return new Promise(() => {});
    };
    navigator.locks.request(LOCK + name, { signal: AbortSignal.timeout(CLAIM_MS) }, held).catch(() => resolve(false));
  });
}

function recalled(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function renamed(): string {
  const name = randomId();
  try {
    sessionStorage.setItem(KEY, name);
  } catch {
    // Without storage each load of the page has a new id.
  }
  return name;
}
