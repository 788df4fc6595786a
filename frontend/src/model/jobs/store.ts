/** The project's jobs, from the socket and from our own calls. */
import { create } from "zustand";
import { jobs as api } from "@/api/client";
import type { Id, Job, JobState, StateEvent } from "@/api/types";

interface JobsState {
  jobs: ReadonlyMap<Id, Job>;
  /** The job in the console. */
  shown: Id | null;
}

export const useJobs = create<JobsState>(() => ({ jobs: new Map(), shown: null }));

const KEEP = 300;

export function isOver(state: JobState): boolean {
  return state !== "queued" && state !== "running";
}

/** Updates of a job arrive on several paths and out of order: a later attempt wins, and a terminal state is final. */
export function newer(old: Job | undefined, next: Job): boolean {
  if (!old) return true;
  if (isOver(old.state) && !isOver(next.state)) return false;
  if (next.attempt !== old.attempt) return next.attempt > old.attempt;
  return !(old.state === "running" && next.state === "queued");
}

export function upsert(jobs: ReadonlyMap<Id, Job>, next: Job): ReadonlyMap<Id, Job> {
  // Changes of files make index jobs by themselves; the status bar shows how far they are.
  if (next.kind === "index") return jobs;
  if (!newer(jobs.get(next.id), next)) return jobs;
  const all = new Map(jobs).set(next.id, next);
  if (all.size <= KEEP) return all;
  return new Map(
    newestFirst(all)
      .slice(0, KEEP)
      .map((job) => [job.id, job]),
  );
}

export function newestFirst(jobs: ReadonlyMap<Id, Job>): Job[] {
  return [...jobs.values()].sort((a, b) => b.created_at.localeCompare(a.created_at));
}

export function putJob(job: Job): void {
  useJobs.setState(({ jobs }) => ({ jobs: upsert(jobs, job) }));
}

export function putJobs(list: Job[]): void {
  useJobs.setState(({ jobs }) => ({ jobs: list.reduce(upsert, jobs) }));
}

export function applyState(jobId: Id, { state, attempt, worker_id }: StateEvent): void {
  const job = useJobs.getState().jobs.get(jobId);
  if (!job || isOver(state)) return;
  const started_at = state === "running" ? (job.started_at ?? new Date().toISOString()) : job.started_at;
  putJob({ ...job, state, attempt, started_at, worker_id: worker_id ?? job.worker_id });
}

export async function loadJobs(projectId: Id): Promise<void> {
  putJobs(await api.list(projectId));
}

export function shownIsRunning({ jobs, shown }: JobsState): boolean {
  const job = shown ? jobs.get(shown) : undefined;
  return job !== undefined && !isOver(job.state);
}

export function leaveJobs(): void {
  useJobs.setState({ jobs: new Map(), shown: null });
}

export function waitingCount(state: JobsState): number {
  let count = 0;
  for (const job of state.jobs.values()) if (job.state === "queued") count++;
  return count;
}

export function runningCount(state: JobsState): number {
  let count = 0;
  for (const job of state.jobs.values()) if (job.state === "running") count++;
  return count;
}
