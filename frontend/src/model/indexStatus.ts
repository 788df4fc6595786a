/** How fresh the project's search index is, for the status bar. What is not known is not said. */
import { create } from "zustand";
import { projects as api } from "@/api/client";
import type { Id, IndexStatus } from "@/api/types";
import { ago, count } from "@/lib/format";

interface FreshnessState {
  index: IndexStatus | null;
  /** When a file was last changed, as far as this tab has heard. */
  changedAt: number;
}

const fresh: FreshnessState = { index: null, changedAt: 0 };

export const useFreshness = create<FreshnessState>(() => fresh);

export async function loadFreshness(projectId: Id): Promise<void> {
  try {
    useFreshness.setState({ index: await api.index(projectId) });
  } catch {
    // Of no more use than an index that is not there.
    useFreshness.setState({ index: null });
  }
}

export function noteChange(): void {
  if (useFreshness.getState().index) useFreshness.setState({ changedAt: Date.now() });
}

export function leaveFreshness(): void {
  useFreshness.setState(fresh);
}

export function freshnessWords({ index, changedAt }: FreshnessState, now = Date.now()): { text: string; tip: string; behind: boolean } | null {
  if (!index) return null;
  if (index.state === "none") return { text: "Not indexed", tip: "This project has no search index yet", behind: false };
  if (index.state === "building") return { text: "Indexing…", tip: `${count(index.files, "file")} so far`, behind: true };
  const built = index.indexed_at ? ago(index.indexed_at, now) : "";
  const behind = Boolean(index.indexed_at) && changedAt > Date.parse(index.indexed_at!);
  const tip = `${count(index.files, "file")} in the search index, built ${built}`.trim();
  return { text: behind ? "Index is behind" : "Indexed", tip: behind ? `${tip}; files have changed since` : tip, behind };
}
