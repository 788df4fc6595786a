/**
 * Actions that can be undone for a few seconds: the screen changes at once, the server is called when the
 * time is over, when another action depends on it, or when the page closes.
 */
import { dismiss, toast } from "./store";

interface Pending {
  commit(leaving: boolean): Promise<void>;
  timer: ReturnType<typeof setTimeout>;
  toastId: number;
}

const UNDO_MS = 6000;
const pending = new Set<Pending>();

/** Returns how to undo it, which says whether that was still possible. */
export function deferred(text: string, undo: () => void, commit: (leaving: boolean) => Promise<void>): () => boolean {
  const takeBack = () => {
    clearTimeout(entry.timer);
    dismiss(entry.toastId);
    const waiting = pending.delete(entry);
    if (waiting) undo();
    return waiting;
  };
  const entry: Pending = {
    commit,
    timer: setTimeout(() => void settle(entry), UNDO_MS),
    toastId: toast(text, { ms: UNDO_MS, action: { label: "Undo", run: () => void takeBack() } }),
  };
  pending.add(entry);
  return takeBack;
}

async function settle(entry: Pending, leaving = false): Promise<void> {
  if (!pending.delete(entry)) return;
  clearTimeout(entry.timer);
  dismiss(entry.toastId);
  await entry.commit(leaving);
}

/** Commits everything that still waits. */
export async function flushDeferred(leaving = false): Promise<void> {
  await Promise.all([...pending].map((entry) => settle(entry, leaving)));
}

if (typeof window !== "undefined") window.addEventListener("pagehide", () => void flushDeferred(true));
