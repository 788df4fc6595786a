import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClientMessage } from "@/api/types";
import { JobInput } from "./input";

type Input = Extract<ClientMessage, { type: "run.input" }>;

let sent: ClientMessage[];
let input: JobInput;
const inputs = () => sent.filter((message): message is Input => message.type === "run.input");
const taken = (offset: number) => input.answer({ type: "run.input_taken", job_id: "j", source: input.source, offset });
const refused = (code: string) => input.answer({ type: "run.input_refused", job_id: "j", source: input.source, code, detail: "" });

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  input = new JobInput("j", (message) => sent.push(message));
});
afterEach(() => vi.useRealTimers());

describe("JobInput", () => {
  it("sends the first key at once, and those that follow together", () => {
    input.type("a");
    vi.advanceTimersByTime(1);
    input.type("b");
    input.type("ü");
    expect(inputs()).toMatchObject([{ offset: 0, data: "a" }]);
    taken(1);
    vi.advanceTimersByTime(50);
    expect(inputs()[1]).toMatchObject({ offset: 1, data: "bü", encoding: "utf-8" });
    taken(4);
    input.type("c");
    vi.advanceTimersByTime(1);
    expect(inputs()[2]).toMatchObject({ offset: 4, data: "c" });
  });

  it("sends the rest when only a part was taken, within a character too", () => {
    input.type("aü");
    vi.advanceTimersByTime(1);
    taken(2);
    vi.advanceTimersByTime(50);
    expect(inputs()[1]).toMatchObject({ offset: 2, data: btoa("\xbc"), encoding: "base64" });
  });

  it("waits for a program that has not started, and repeats with the same offset", () => {
    input.type("x\n");
    vi.advanceTimersByTime(1);
    refused("not_running");
    vi.advanceTimersByTime(250);
    expect(inputs().map(({ offset, data }) => [offset, data])).toEqual([
      [0, "x\n"],
      [0, "x\n"],
    ]);
  });

  it("sends again after a reconnect what was not confirmed", () => {
    input.resize(30, 100);
    input.type("x");
    vi.advanceTimersByTime(1);
    input.resend();
    vi.advanceTimersByTime(1);
    expect(inputs()).toHaveLength(2);
    expect(sent.filter(({ type }) => type === "run.resize")).toHaveLength(2);
  });

  it("stops when the program takes none", () => {
    input.type("x");
    vi.advanceTimersByTime(1);
    refused("input_closed");
    expect(input.type("y")).toBe(false);
    vi.advanceTimersByTime(10_000);
    expect(inputs()).toHaveLength(1);
  });
});
