import { trash as api } from "@/api/client";
import { messageOf } from "@/api/problem";
import type { BulkFailure, TrashEntry } from "@/api/types";
import { count } from "@/lib/format";
import { basename } from "@/lib/path";
import { inTurn } from "@/model/files/bulk";
import { loadFiles, reveal, useFiles } from "@/model/files/store";
import { loadTrash, restoreEntries, useTrash } from "@/model/trash";
import { execute } from "@/shell/commands";
import { askConflicts } from "@/shell/questions/conflicts";
import { ask } from "@/shell/questions/store";
import { tellFailures } from "@/shell/toasts/failures";
import { fail, toast } from "@/shell/toasts/store";

const named = (entries: readonly TrashEntry[]) => (entries.length === 1 ? basename(entries[0]!.path) : count(entries.length, "item"));

export async function restore(entries: readonly TrashEntry[]): Promise<void> {
  const { projectId } = useFiles.getState();
  if (!projectId || !entries.length) return;
  try {
    const { done, failed } = await inTurn(() => restoreEntries(projectId, entries, askConflicts));
    tellFailures("restored", failed, entries.length);
    if (!done.length) return;
    await Promise.all([loadFiles(projectId), loadTrash(projectId)]);
    const { path } = done[0]!;
    const what = done.length === 1 ? basename(path) : count(done.length, "item");
    toast(`Restored ${what}`, { tone: "success", action: { label: "Show", run: () => show(path) } });
  } catch (error) {
    fail(`${named(entries)} could not be restored`, error);
  }
}

function show(path: string): void {
  reveal(path);
  execute("view.explorer");
}

/** Asks first: nothing brings back what is deleted here. */
export async function removeForGood(entries: readonly TrashEntry[]): Promise<void> {
  const { projectId } = useFiles.getState();
  if (!projectId || !entries.length) return;
  if (entries.length === useTrash.getState().entries.length && entries.length > 1) return empty();
  if (!(await sure(`Delete ${named(entries)} for good?`, entries))) return;
  const failed: BulkFailure[] = [];
  for (const { id, path } of entries) {
    await api.remove(projectId, id).catch((error) => failed.push({ path, code: "", detail: messageOf(error) }));
  }
  tellFailures("deleted", failed, entries.length);
  await loadTrash(projectId);
}

export async function empty(): Promise<void> {
  const { projectId } = useFiles.getState();
  const { entries } = useTrash.getState();
  if (!projectId || !entries.length || !(await sure("Empty the trash?", entries))) return;
  try {
    await api.empty(projectId);
    await loadTrash(projectId);
  } catch (error) {
    fail("The trash could not be emptied", error);
  }
}

async function sure(title: string, entries: readonly TrashEntry[]): Promise<boolean> {
  const { choice } = await ask({
    title,
    text: entries.length === 1 ? "It can't be restored after that." : `${count(entries.length, "item")} can't be restored after that.`,
    items: entries.length > 1 ? entries.map(({ path }) => path) : [],
    choices: [
      { id: "delete", label: "Delete for good", tone: "danger" },
      { id: "cancel", label: "Cancel", tone: "primary" },
    ],
  });
  return choice === "delete";
}
