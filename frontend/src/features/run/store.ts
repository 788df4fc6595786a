/** Runs of this tab: which job the console shows, what was asked for, and the output of each. */
import { create } from "zustand";
import type { Artifact, Id, RunRequest } from "@/api/types";
import type { ParsedError } from "@/features/errors/parse";
import { OutputLog } from "@/model/jobs/log";
import { trim, withNewest, without } from "@/lib/newest";
import type { RunConfiguration } from "./configurations";

interface RunState {
  /** The job in the console. */
  shown: Id | null;
  /** A run is being sent. */
  starting: boolean;
  configurations: RunConfiguration[];
  /** The chosen configuration's name; null runs the active file. */
  chosen: string | null;
  editingConfigurations: boolean;
  artifacts: Readonly<Record<Id, Artifact[]>>;
  progress: Readonly<Record<Id, string>>;
  /** Errors in the output of the job in the console. */
  errors: ParsedError[];
}

export const fresh: RunState = {
  shown: null, starting: false, configurations: [], chosen: null, editingConfigurations: false, artifacts: {},
  progress: {}, errors: [],
};

export const useRun = create<RunState>(() => fresh);

/** Output and requests stay outside the store: they are large, and no view draws them by itself. */
const logs = new Map<Id, OutputLog>();
const requests = new Map<Id, RunRequest>();
const KEEP_LOGS = 20;
const KEEP_REQUESTS = 300;

export function logOf(jobId: Id): OutputLog | undefined {
  return logs.get(jobId);
}

export function newLog(jobId: Id): OutputLog {
  const log = new OutputLog();
  logs.set(jobId, log);
  trim(logs, KEEP_LOGS);
  return log;
}

export function keepRequest(jobId: Id, request: RunRequest): void {
  requests.set(jobId, request);
  trim(requests, KEEP_REQUESTS);
}

export function requestFor(jobId: Id): RunRequest | undefined {
  return requests.get(jobId);
}

export function keepArtifacts(jobId: Id, list: Artifact[]): void {
  useRun.setState(({ artifacts }) => ({ artifacts: withNewest(artifacts, jobId, list, KEEP_LOGS) }));
}

/** What a job says it is doing; null once it is over. */
export function keepProgress(jobId: Id, message: string | null): void {
  useRun.setState(({ progress }) => ({ progress: message === null ? without(progress, jobId) : { ...progress, [jobId]: message } }));
}

export function leaveRuns(): void {
  logs.clear();
  requests.clear();
  useRun.setState(fresh);
}
