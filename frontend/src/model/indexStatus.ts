/** The state of the project's search index. Nothing is shown while it is unknown. */
import { create } from "zustand";
import { projects as api } from "@/api/client";
import type { Id, IndexStatus } from "@/api/types";
import { ago, count } from "@/lib/format";

interface IndexState {
  index: IndexStatus | null;
  /** When a file was last changed, as far as this tab knows. */
  changedAt: number;
}

const unknown: IndexState = { index: null, changedAt: 0 };

export const useIndexStatus = create<IndexState>(() => unknown);

export async function loadIndexStatus(projectId: Id): Promise<void> {
  try {
    useIndexStatus.setState({ index: await api.index(projectId) });
  } catch {
    // Without an answer the status is unknown.
    useIndexStatus.setState({ index: null });
  }
}

export function noteFileChange(): void {
  if (useIndexStatus.getState().index) useIndexStatus.setState({ changedAt: Date.now() });
}

export function leaveIndexStatus(): void {
  useIndexStatus.setState(unknown);
}

export function indexLabel({ index, changedAt }: IndexState, now = Date.now()): { text: string; tip: string; behind: boolean } | null {
  if (!index) return null;
  if (index.state === "none") return { text: "Not indexed", tip: "This project has no search index yet", behind: false };
  if (index.state === "building") return { text: "Indexing…", tip: `${count(index.files, "file")} so far`, behind: true };
  const built = index.indexed_at ? ago(index.indexed_at, now) : "";
  const behind = Boolean(index.indexed_at) && changedAt > Date.parse(index.indexed_at!);
  const tip = `${count(index.files, "file")} in the search index, built ${built}`.trim();
  return { text: behind ? "Index is behind" : "Indexed", tip: behind ? `${tip}; files have changed since` : tip, behind };
}
