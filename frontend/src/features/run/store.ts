/** Runs of this tab: requests, configurations and progress. */
import { create } from "zustand";
import type { Id, RunRequest } from "@/api/types";
import { trim, without } from "@/lib/newest";
import { leaveLogs } from "@/model/jobs/output";
import type { RunConfiguration } from "./configurations";

interface RunState {
  /** A run is being sent. */
  starting: boolean;
  configurations: RunConfiguration[];
  /** The chosen configuration's name; null runs the active file. */
  chosen: string | null;
  editingConfigurations: boolean;
  progress: Readonly<Record<Id, string>>;
}

export const fresh: RunState = {
  starting: false,
  configurations: [],
  chosen: null,
  editingConfigurations: false,
  progress: {},
};

export const useRun = create<RunState>(() => fresh);

/** No view draws the requests, so they stay outside the store. */
const requests = new Map<Id, RunRequest>();
const KEEP_REQUESTS = 300;

export function keepRequest(jobId: Id, request: RunRequest): void {
  requests.set(jobId, request);
  trim(requests, KEEP_REQUESTS);
}

export function requestFor(jobId: Id): RunRequest | undefined {
  return requests.get(jobId);
}

/** Keeps a job's last progress message; null removes it. */
export function keepProgress(jobId: Id, message: string | null): void {
  useRun.setState(({ progress }) => ({ progress: message === null ? without(progress, jobId) : { ...progress, [jobId]: message } }));
}

export function leaveRuns(): void {
  leaveLogs();
  requests.clear();
  useRun.setState(fresh);
}
