/** The trash of the open project: deleted files and folders, which can be restored until they expire. */
import { create } from "zustand";
import { trash as api } from "@/api/client";
import { ApiError } from "@/api/problem";
import type { Id, OnConflict, RestoreAnswer, TrashEntry } from "@/api/types";
import { askingConflicts, type AskConflicts, type BulkOutcome } from "@/model/files/bulk";

interface TrashState {
  projectId: Id | null;
  status: "idle" | "loading" | "ready" | "failed";
  entries: readonly TrashEntry[];
  error: unknown;
}

const nothing: TrashState = { projectId: null, status: "idle", entries: [], error: null };

export const useTrash = create<TrashState>(() => nothing);

/** Reads the list; the old one stays on the screen meanwhile. */
export async function loadTrash(projectId: Id): Promise<void> {
  if (useTrash.getState().projectId !== projectId) useTrash.setState({ ...nothing, projectId, status: "loading" });
  try {
    const entries = await api.list(projectId);
    if (useTrash.getState().projectId === projectId) useTrash.setState({ status: "ready", entries });
  } catch (error) {
    if (useTrash.getState().projectId === projectId) useTrash.setState({ status: "failed", error });
  }
}

export function leaveTrash(): void {
  useTrash.setState(nothing);
}

const outcomeOf = ({ done, failed }: RestoreAnswer): BulkOutcome => ({ done, failed, deletions: [] });

/** Restores entries of the trash. */
export function restoreEntries(projectId: Id, entries: readonly TrashEntry[], ask: AskConflicts): Promise<BulkOutcome> {
  const attempt = async (on_conflict: OnConflict, again?: readonly string[]) => {
    const ids = entries.filter(({ path }) => !again || again.includes(path)).map(({ id }) => id);
    return outcomeOf(await api.restore(projectId, { ids, on_conflict }));
  };
  return askingConflicts(attempt, ask);
}

/** Restores all that was deleted at once. What is no longer in the trash is not restored. */
export async function restoreDeletions(projectId: Id, deletions: readonly Id[], ask: AskConflicts): Promise<BulkOutcome> {
  const all: BulkOutcome = { done: [], failed: [], deletions: [] };
  for (const deletion_id of deletions) {
    const attempt = async (on_conflict: OnConflict) => outcomeOf(await api.restore(projectId, { deletion_id, on_conflict }));
    const { done, failed } = await askingConflicts(attempt, ask).catch(goneFromTrash);
    all.done.push(...done);
    all.failed.push(...failed);
  }
  return all;
}

function goneFromTrash(error: unknown): BulkOutcome {
  if (error instanceof ApiError && error.status === 404) return { done: [], failed: [], deletions: [] };
  throw error;
}
