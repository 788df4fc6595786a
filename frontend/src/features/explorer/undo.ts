/** What the explorer can take back, the last action first, for as long as the page lives. */
import type { Id } from "@/api/types";
import { useFiles } from "@/model/files/store";
import { fail, toast } from "@/shell/toasts/store";

export interface Step {
  /** Steps of another project are never taken back. */
  projectId: Id | null;
  label: string;
  /** False when it can't be taken back any more. */
  undo(): boolean | Promise<boolean>;
}

const KEEP = 200;
const steps: Step[] = [];

export function remember(label: string, undo: Step["undo"]): Step {
  const step = { projectId: useFiles.getState().projectId, label, undo };
  steps.push(step);
  if (steps.length > KEEP) steps.shift();
  return step;
}

/** The step has changed nothing. */
export function forget(step: Step): void {
  const at = steps.indexOf(step);
  if (at >= 0) steps.splice(at, 1);
}

export function canUndo(): boolean {
  return lastStep() !== undefined;
}

function lastStep(): Step | undefined {
  const { projectId } = useFiles.getState();
  return steps.findLast((step) => step.projectId === projectId);
}

export async function undoLast(): Promise<void> {
  const step = lastStep();
  if (step) await undoStep(step);
  else toast("Nothing to undo in the explorer");
}

/** Takes a step back, once. */
export async function undoStep(step: Step): Promise<void> {
  if (!steps.includes(step)) return;
  forget(step);
  try {
    const done = await step.undo();
    toast(done ? `Undone: ${step.label}` : `Too late to undo: ${step.label}`);
  } catch (error) {
    steps.push(step);
    fail(`Could not undo: ${step.label}`, error);
  }
}
