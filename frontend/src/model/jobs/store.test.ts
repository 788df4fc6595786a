import { describe, expect, it } from "vitest";
import type { Job } from "@/api/types";
import { newer, newestFirst, upsert } from "./store";
import { cost, evidence, verdictLabel, waitingLabel } from "./labels";

const job = (change: Partial<Job> = {}): Job => ({
  id: "j",
  kind: "execute",
  project_id: "p",
  state: "queued",
  attempt: 0,
  worker_id: null,
  verdict: null,
  usage: null,
  created_at: "2026-01-01T00:00:00Z",
  started_at: null,
  finished_at: null,
  ...change,
});

describe("jobs", () => {
  it("never leave their end, and never go back", () => {
    expect(newer(job({ state: "succeeded", attempt: 1 }), job({ state: "running", attempt: 1 }))).toBe(false);
    expect(newer(job({ state: "running", attempt: 1 }), job({ state: "queued", attempt: 1 }))).toBe(false);
    expect(newer(job({ state: "running", attempt: 1 }), job({ state: "queued", attempt: 2 }))).toBe(true);
    expect(newer(job({ state: "running", attempt: 2 }), job({ state: "running", attempt: 1 }))).toBe(false);
  });

  it("leave out those that come with every change", () => {
    expect(upsert(new Map(), job({ kind: "index" })).size).toBe(0);
  });

  it("are kept, the newest first, to a limit", () => {
    let jobs: ReadonlyMap<string, Job> = new Map();
    for (let n = 0; n < 350; n++)
      jobs = upsert(jobs, job({ id: `${n}`, created_at: `2026-01-01T00:${String(n % 60).padStart(2, "0")}:00Z` }));
    expect(jobs.size).toBe(300);
    expect(newestFirst(jobs)[0]!.created_at).toBe("2026-01-01T00:59:00Z");
  });
});

describe("words", () => {
  const ended = (reason: string, text: string) =>
    job({ state: "failed", verdict: { reason, exit_code: 3, evidence: text } as Job["verdict"] });
  it("tell the verdict and its evidence", () => {
    expect(verdictLabel(ended("exit", ""))).toBe("Exit code 3");
    expect(verdictLabel(ended("oom", ""))).toBe("Out of memory");
    expect(evidence(ended("oom", "oom_kill=1, peak 256/256 MiB"))).toBe("oom_kill=1, peak 256/256 MiB");
    expect(evidence(ended("exit", "exit 3"))).toBeNull();
  });

  it("tell why a job waits", () => {
    expect(waitingLabel(job({ waiting: { position: 3, because: "all 4 slots are busy" } }))).toBe(
      "Number 3 in line · all 4 slots are busy",
    );
    expect(waitingLabel(job())).toBe("Waiting for a worker");
  });

  it("tell what it cost", () => {
    expect(cost(job({ usage: { wall_ms: 412, cpu_ms: 1, peak_memory_bytes: 12_582_912 } }))).toEqual(["412 ms", "12 MiB"]);
  });
});
