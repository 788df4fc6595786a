/** The output of the jobs that this tab follows. It stays outside the stores: it is large, and no view draws it by itself. */
import type { Id } from "@/api/types";
import { trim } from "@/lib/newest";
import { OutputLog } from "./log";

type OutputListener = (jobId: Id) => void;

export const KEEP_LOGS = 20;

const logs = new Map<Id, OutputLog>();
const listeners = new Set<OutputListener>();

export function logOf(jobId: Id): OutputLog | undefined {
  return logs.get(jobId);
}

export function newLog(jobId: Id): OutputLog {
  const log = new OutputLog();
  logs.set(jobId, log);
  trim(logs, KEEP_LOGS);
  return log;
}

export function leaveLogs(): void {
  logs.clear();
}

/** Calls back when a job's output comes into the console, and again when it is complete. */
export function onOutput(listener: OutputListener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export function notifyOutput(jobId: Id): void {
  for (const listener of listeners) listener(jobId);
}
