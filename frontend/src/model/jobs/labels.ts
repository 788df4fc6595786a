/** Texts for a job's state, verdict and cost. */
import type { Job, JobState, Reason } from "@/api/types";
import { duration, mebibytes } from "@/lib/format";

const STATE_LABELS: Record<JobState, string> = {
  queued: "Waiting",
  running: "Running",
  succeeded: "Succeeded",
  failed: "Failed",
  cancelled: "Stopped",
  timed_out: "Timed out",
  lost: "Lost",
};

export function stateLabel(state: JobState): string {
  return STATE_LABELS[state] ?? state;
}

const REASONS: Record<Reason, (job: Job) => string> = {
  ok: () => "Finished",
  exit: (job) => `Exit code ${job.verdict?.exit_code ?? "?"}`,
  signal: (job) => `Ended by signal ${job.verdict?.signal ?? "?"}`,
  oom: () => "Out of memory",
  wall: () => "Time limit reached",
  cpu: () => "CPU time limit reached",
  output_cap: () => "Output limit reached",
  pids: () => "Too many processes",
  disk: () => "Disk full",
  cancelled: () => "Stopped",
  worker_lost: () => "The worker was lost",
  image_missing: () => "The runtime's image is missing",
  internal: () => "Failed on our side",
};

export function verdictLabel(job: Job): string {
  if (!job.verdict) return stateLabel(job.state);
  // A newer server may know more reasons; its evidence tells what happened.
  return REASONS[job.verdict.reason]?.(job) ?? job.verdict.evidence;
}

/** The evidence, where it adds to the label. */
export function evidence(job: Job): string | null {
  const text = job.verdict?.evidence?.trim();
  if (!text || job.verdict?.reason === "ok") return null;
  return text === `exit ${job.verdict?.exit_code}` ? null : text;
}

export function elapsed(job: Job, now = Date.now()): number | null {
  if (job.usage) return job.usage.wall_ms;
  if (!job.started_at) return null;
  return Math.max(0, (job.finished_at ? Date.parse(job.finished_at) : now) - Date.parse(job.started_at));
}

export function cost(job: Job, now = Date.now()): string[] {
  const time = elapsed(job, now);
  const memory = job.usage?.peak_memory_bytes;
  return [time === null ? "" : duration(time), memory ? mebibytes(memory) : ""].filter(Boolean);
}

export function waitingLabel(job: Job): string {
  if (!job.waiting) return "Waiting for a worker";
  const place = job.waiting.position <= 1 ? "Next in line" : `Number ${job.waiting.position} in line`;
  return job.waiting.because ? `${place} · ${job.waiting.because}` : place;
}

const TITLES: Record<Job["kind"], string> = {
  execute: "Run",
  index: "Build the search index",
  refine: "Refine",
  noop: "No operation",
};

export function titleOf(job: Job): string {
  if (job.title) return job.title;
  return TITLES[job.kind] ?? job.kind;
}
