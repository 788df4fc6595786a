import { describe, expect, it } from "vitest";
import type { ServerMessage } from "@/api/types";
import { advance, backoff, hello, isRepeat, median, sample } from "./protocol";

const welcome = (seq: number, snapshot: boolean, epoch = "e1"): ServerMessage => ({
  type: "welcome",
  epoch,
  seq,
  snapshot,
  conn_id: "c",
  presence: [],
  jobs: [],
});
const project = (seq: number): ServerMessage => ({ type: "project", seq, change: "updated" });

describe("resuming", () => {
  it("asks for nothing at first, then for what came after", () => {
    expect(hello({})).toEqual({ type: "hello" });
    const resume = advance(advance({}, welcome(4, true)), project(5));
    expect(hello(resume)).toEqual({ type: "hello", last_seq: 5, epoch: "e1" });
  });

  it("does not skip a tail that is still to come", () => {
    const resume = advance({ epoch: "e1", lastSeq: 5 }, welcome(9, false));
    expect(resume.lastSeq).toBe(5);
    expect(isRepeat(resume, project(6))).toBe(false);
    expect(isRepeat(advance(resume, project(6)), project(6))).toBe(true);
  });

  it("starts anew in another epoch or with a snapshot", () => {
    expect(advance({ epoch: "e1", lastSeq: 50 }, welcome(2, true, "e2"))).toEqual({ epoch: "e2", lastSeq: 2 });
  });
});

describe("timing", () => {
  it("waits longer each time, up to a limit, never in step", () => {
    expect(backoff(0, 0.5)).toBe(300);
    expect(backoff(3, 0.5)).toBe(2400);
    expect(backoff(30, 0.5)).toBe(15_000);
    expect(backoff(3, 0)).not.toBe(backoff(3, 1));
  });

  it("shows the middle of the last round trips", () => {
    const times = [5, 90, 6, 7, 5, 6].reduce<number[]>(sample, []);
    expect(times).toHaveLength(5);
    expect(median(times)).toBe(6);
    expect(median([])).toBeNull();
  });
});
