/** What the explorer can take back, the last action first. */
import type { Id } from "@/api/types";
import { useFiles } from "@/model/files/store";
import { toast } from "@/shell/toasts/store";

interface Step {
  /** Steps of another project are never taken back. */
  projectId: Id | null;
  label: string;
  /** False when it can't be taken back any more. */
  undo(): boolean | Promise<boolean>;
}

const KEEP = 50;
const steps: Step[] = [];

export function remember(label: string, undo: Step["undo"]): void {
  steps.push({ projectId: useFiles.getState().projectId, label, undo });
  if (steps.length > KEEP) steps.shift();
}

export function canUndo(): boolean {
  const { projectId } = useFiles.getState();
  return steps.some((step) => step.projectId === projectId);
}

export async function undoLast(): Promise<void> {
  const { projectId } = useFiles.getState();
  const at = steps.findLastIndex((step) => step.projectId === projectId);
  const [step] = at < 0 ? [] : steps.splice(at, 1);
  if (!step) return void toast("Nothing to undo in the explorer");
  const done = await step.undo();
  toast(done ? `Undone: ${step.label}` : `Too late to undo: ${step.label}`);
}
