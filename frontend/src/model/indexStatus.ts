/** The state of the project's search index. Nothing is shown while it is unknown. */
import { create } from "zustand";
import { projects as api } from "@/api/client";
import { ApiError, messageOf } from "@/api/problem";
import type { Id, IndexStatus } from "@/api/types";
import { ago, count } from "@/lib/format";

/** A server before the search has no count of waiting files. */
export type KnownIndex = IndexStatus & { pending?: number };

interface IndexState {
  index: KnownIndex | null;
  /** Why there is no index to be had. */
  refusal: string | null;
  /** When a file was last changed, as far as this tab knows. */
  changedAt: number;
  /** Its coverage is on the screen. */
  open: boolean;
}

const unknown: IndexState = { index: null, refusal: null, changedAt: 0, open: false };

export const useIndexStatus = create<IndexState>(() => unknown);

export async function loadIndexStatus(projectId: Id): Promise<void> {
  try {
    useIndexStatus.setState({ index: await api.index(projectId), refusal: null });
  } catch (error) {
    // Without an answer the status is unknown; where search is not set up, that is said.
    const refusal = error instanceof ApiError && error.code === "not_configured" ? messageOf(error) : null;
    useIndexStatus.setState({ index: null, refusal });
  }
}

export function openIndex(): void {
  useIndexStatus.setState({ open: true });
}

export function closeIndex(): void {
  useIndexStatus.setState({ open: false });
}

/** A build begins soon after a change; the server is asked once for many changes. */
const CHANGES_MS = 3000;
let asking: ReturnType<typeof setTimeout> | undefined;

export function noteFileChange(projectId: Id): void {
  if (!useIndexStatus.getState().index) return;
  useIndexStatus.setState({ changedAt: Date.now() });
  asking ??= setTimeout(() => {
    asking = undefined;
    void loadIndexStatus(projectId);
  }, CHANGES_MS);
}

export function leaveIndexStatus(): void {
  clearTimeout(asking);
  asking = undefined;
  useIndexStatus.setState(unknown);
}

interface Label {
  text: string;
  tip: string;
  behind: boolean;
}

export function indexLabel(
  { index, refusal, changedAt }: Pick<IndexState, "index" | "refusal" | "changedAt">,
  now = Date.now(),
): Label | null {
  if (refusal) return { text: "No search", tip: refusal, behind: false };
  if (!index) return null;
  if (index.state === "none") return { text: "Not indexed", tip: "This project has no search index yet", behind: false };
  if (index.state === "building") return { text: "Indexing…", tip: `${count(index.files, "file")} so far${meaning(index)}`, behind: true };
  const built = index.indexed_at ? ago(index.indexed_at, now) : "";
  const behind = index.pending !== undefined ? index.pending > 0 : Boolean(index.indexed_at) && changedAt > Date.parse(index.indexed_at!);
  const tip = `${count(index.files, "file")} in the search index, built ${built}`.trim() + meaning(index);
  return { text: behind ? "Index is behind" : "Indexed", tip: behind ? `${tip}; files have changed since` : tip, behind };
}

/** How much can be found by meaning, where that is not all. */
function meaning({ chunks, embedded }: IndexStatus): string {
  return embedded < chunks ? `; ${Math.floor((100 * embedded) / chunks)}% can be found by meaning` : "";
}
