import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parseJobEvent, parseServerMessage } from "./messages";

/** What the server's own tests say it sends. */
const golden = (name: string) =>
  JSON.parse(readFileSync(path.resolve(import.meta.dirname, "../../../crates/protocol/tests/golden", name), "utf8")) as Record<
    string,
    unknown
  >[];

const job = {
  id: "j",
  project_id: "p",
  kind: "execute",
  state: "running",
  attempt: 1,
  created_at: "2026-01-01T00:00:00Z",
  verdict: null,
};
const file = {
  id: "f",
  project_id: "p",
  path: "a/b.py",
  name: "b.py",
  type: "file",
  size: 3,
  etag: "e",
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
};
const reasonOf = (message: unknown) => {
  const parsed = parseServerMessage(JSON.stringify(message));
  return parsed.ok ? "ok" : parsed.reason;
};

describe("messages of the socket", () => {
  it("are read as the server writes them", () => {
    for (const message of golden("session_server.json")) {
      // The server may send types that this page does not use yet.
      const known = ["welcome", "presence", "file", "job", "project", "run.input_taken", "run.input_refused", "pong", "error"].includes(
        String(message.type),
      );
      const expected = known ? { ok: true, value: message } : { ok: false, reason: "unknown", detail: message.type };
      expect(parseServerMessage(JSON.stringify(message))).toEqual(expected);
    }
    for (const [id, event] of golden("job_events.json").entries()) {
      const message = { type: "event", job_id: "j", id, ...event };
      expect(parseServerMessage(JSON.stringify(message))).toEqual({ ok: true, value: message });
    }
  });

  it("of each type pass", () => {
    const messages = [
      {
        type: "welcome",
        epoch: "e",
        seq: 1,
        conn_id: "c",
        presence: [{ conn_id: "c", user_id: 1, name: "Ada" }],
        snapshot: true,
        jobs: [job],
      },
      { type: "file", seq: 2, change: "updated", file, by: null },
      { type: "file", seq: 3, change: "deleted", file_id: "f", by: "c" },
      { type: "presence", seq: 4, presence: [] },
      { type: "job", seq: 5, job },
      { type: "project", seq: 6, change: "deleted" },
      { type: "pong", t: 1.5 },
      { type: "error", code: "not_found", detail: "there is no such job" },
    ];
    expect(messages.map(reasonOf)).toEqual(messages.map(() => "ok"));
  });

  it("may hold fields and words that this version does not know", () => {
    const newer = { ...job, kind: "terminal", priority: 3 };
    expect(parseServerMessage(JSON.stringify({ type: "job", seq: 1, job: newer, trace: "t" }))).toMatchObject({
      ok: true,
      value: { job: newer },
    });
  });

  it("of an unknown type are told from broken ones", () => {
    expect(reasonOf({ type: "terminal.output", seq: 1 })).toBe("unknown");
    expect(reasonOf({ type: "toString" })).toBe("unknown");
    expect(reasonOf({ type: "event", job_id: "j", id: 1, event: "screenshot", data: {} })).toBe("unknown");
  });

  it("that break the promise of their type are malformed", () => {
    const broken = [
      null,
      3,
      [],
      {},
      { type: 4 },
      { type: "job", seq: 1 },
      { type: "job", seq: "1", job },
      { type: "job", seq: 1, job: { ...job, id: 4 } },
      { type: "file", seq: 1, change: "updated", file: { ...file, path: null } },
      { type: "presence", seq: 1, presence: {} },
      { type: "event", id: 1, event: "progress", data: { message: "x" } },
      { type: "event", job_id: "j", id: 1, event: "output", data: "x" },
    ];
    expect(broken.map(reasonOf)).toEqual(broken.map(() => "malformed"));
    expect(parseServerMessage("{").ok).toBe(false);
  });
});

describe("events of a stream", () => {
  it("need an id", () => {
    expect(parseJobEvent({ id: Number.NaN, event: "progress", data: { message: "x" } })).toMatchObject({ ok: false, reason: "malformed" });
    expect(parseJobEvent({ id: 3, event: "progress", data: { message: "x" } })).toMatchObject({ ok: true });
  });
});
