import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClientMessage, ServerMessage } from "@/api/types";
import { LiveConnection, type Hooks } from "./connection";

class FakeSocket {
  static all: FakeSocket[] = [];
  static OPEN = 1;
  readyState = 0;
  sent: ClientMessage[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientMessage);
  }
  close(): void {
    this.readyState = 3;
  }
  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  say(message: ServerMessage): void {
    this.sayText(JSON.stringify(message));
  }
  sayText(data: string): void {
    this.onmessage?.({ data });
  }
  welcome(seq: number, snapshot = true): void {
    this.say({ type: "welcome", epoch: "e", seq, snapshot, conn_id: "c", presence: [], jobs: [] });
  }
  get types(): string[] {
    return this.sent.map((message) => message.type);
  }
}

const settle = () => vi.advanceTimersByTimeAsync(0);
const event = (id: number): ServerMessage => ({ type: "event", job_id: "j", id, event: "progress", data: { message: `${id}` } });
let hooks: Hooks;
let live: LiveConnection;
const socket = () => FakeSocket.all.at(-1)!;

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  FakeSocket.all = [];
  hooks = {
    ticket: vi.fn(async () => "t"),
    url: (ticket) => `ws://x?ticket=${ticket}`,
    link: vi.fn(),
    message: vi.fn(),
    refused: () => false,
  };
  live = new LiveConnection(hooks);
  live.start();
  await settle();
});
afterEach(() => {
  live.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("LiveConnection", () => {
  it("ignores a message of an unknown type, and says so once", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    socket().open();
    socket().welcome(1);
    socket().sayText('{"type":"terminal.output","seq":2}');
    socket().sayText('{"type":"terminal.output","seq":3}');
    expect(live.open).toBe(true);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(hooks.message).toHaveBeenCalledTimes(1);
  });

  it("starts again from a snapshot after a message that it can't read", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    socket().open();
    socket().welcome(5);
    const before = socket();
    before.sayText('{"type":"job","seq":6,"job":{"id":7}}');
    expect(live.open).toBe(false);
    expect(before.readyState).toBe(3);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(socket()).not.toBe(before);
    socket().open();
    expect(socket().sent[0]).toEqual({ type: "hello" });
  });

  it("reconnects more slowly each time a message can't be read", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    for (let round = 0; round < 6; round++) {
      socket().open();
      socket().welcome(1);
      socket().sayText("no JSON");
      await vi.advanceTimersByTimeAsync(25_000);
    }
    socket().open();
    socket().welcome(1);
    socket().sayText("no JSON");
    const { length } = FakeSocket.all;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(FakeSocket.all).toHaveLength(length);
  });

  it("doubts the line as soon as the browser says that the network is gone", async () => {
    socket().open();
    socket().welcome(1);
    socket().say({ type: "pong", t: 0 });
    window.dispatchEvent(new Event("offline"));
    expect(socket().types.at(-1)).toBe("ping");
    await vi.advanceTimersByTimeAsync(2_100);
    expect(hooks.link).toHaveBeenLastCalledWith("waiting", null);
  });

  it("says hello with a fresh ticket and opens with the welcome", () => {
    socket().open();
    expect(socket().sent[0]).toEqual({ type: "hello" });
    expect(live.open).toBe(false);
    socket().welcome(3);
    expect(live.open).toBe(true);
    expect(hooks.link).toHaveBeenLastCalledWith("open", null);
  });

  it("lets a flood rest, takes what was on its way, and goes on after it", async () => {
    const heard: number[] = [];
    live.watch("j", undefined, ({ id }) => heard.push(id));
    socket().open();
    socket().welcome(1);
    const data = { stream: "stdout" as const, offset: 0, data: "x".repeat(300_000), encoding: "utf-8" as const, attempt: 1 };
    for (const id of [1, 2, 3]) socket().say({ type: "event", job_id: "j", id, event: "output", data });
    expect(socket().types.filter((type) => type === "unwatch")).toHaveLength(1);
    expect(heard).toEqual([1, 2, 3]);
    await vi.advanceTimersByTimeAsync(400);
    expect(socket().sent.at(-1)).toMatchObject({ type: "watch", job_id: "j", after: 3 });
    socket().say(event(3));
    socket().say(event(4));
    expect(heard).toEqual([1, 2, 3, 4]);
  });

  it("lets a flood rest longer while someone types", async () => {
    live.watch("j", undefined, () => {});
    socket().open();
    socket().welcome(1);
    const data = { stream: "stdout" as const, offset: 0, data: "x".repeat(1_800_000), encoding: "utf-8" as const, attempt: 1 };
    socket().say({ type: "event", job_id: "j", id: 1, event: "output", data });
    for (let ms = 0; ms < 400; ms += 50) {
      window.dispatchEvent(new KeyboardEvent("keydown", { key: "a" }));
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(socket().types.at(-1)).toBe("unwatch");
    await vi.advanceTimersByTimeAsync(300);
    expect(socket().sent.at(-1)).toMatchObject({ type: "watch", job_id: "j", after: 1 });
  });

  it("says that no socket gets through, goes on trying, and forgets it with a welcome", async () => {
    for (let n = 0; n < 2; n++) {
      socket().onclose?.();
      await vi.advanceTimersByTimeAsync(2000);
    }
    expect(hooks.link).toHaveBeenLastCalledWith("blocked", null);
    expect(FakeSocket.all).toHaveLength(3);
    socket().open();
    socket().welcome(1);
    socket().onclose?.();
    expect(hooks.link).toHaveBeenLastCalledWith("waiting", null);
  });

  it("comes back after a close, resumes, and watches again from the last event", async () => {
    const heard: number[] = [];
    live.watch("j", undefined, ({ id }) => heard.push(id));
    socket().open();
    socket().welcome(3);
    socket().say(event(7));
    socket().onclose?.();
    expect(hooks.link).toHaveBeenLastCalledWith("waiting", null);
    await vi.advanceTimersByTimeAsync(1000);
    socket().open();
    expect(socket().sent[0]).toEqual({ type: "hello", last_seq: 3, epoch: "e" });
    socket().welcome(3, false);
    expect(socket().sent).toContainEqual({ type: "watch", job_id: "j", after: 7, tail: expect.any(Number) });
    socket().say(event(7));
    socket().say(event(8));
    expect(heard).toEqual([7, 8]);
    expect(hooks.ticket).toHaveBeenCalledTimes(2);
  });

  it("takes a line without pongs for dead", async () => {
    socket().open();
    socket().welcome(1);
    const first = socket();
    await vi.advanceTimersByTimeAsync(9000);
    expect(first.readyState).toBe(3);
    await vi.advanceTimersByTimeAsync(1000);
    expect(socket()).not.toBe(first);
  });

  it("takes the first round trips soon after each other", async () => {
    socket().open();
    socket().welcome(1);
    const pings = () => socket().types.filter((type) => type === "ping").length;
    for (let n = 0; n < 8; n++) {
      socket().say({ type: "pong", t: performance.now() });
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(pings()).toBe(5);
    socket().say({ type: "pong", t: performance.now() });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(pings()).toBe(6);
  });

  it("keeps a line with pongs", async () => {
    socket().open();
    socket().welcome(1);
    for (let n = 0; n < 5; n++) {
      socket().say({ type: "pong", t: performance.now() });
      await vi.advanceTimersByTimeAsync(5000);
    }
    expect(FakeSocket.all).toHaveLength(1);
  });

  it("hands numbered messages on once", () => {
    socket().open();
    socket().welcome(1);
    socket().say({ type: "project", seq: 2, change: "updated" });
    socket().say({ type: "project", seq: 2, change: "updated" });
    expect(hooks.message).toHaveBeenCalledTimes(2);
  });

  it("unwatches with the last listener", () => {
    socket().open();
    socket().welcome(1);
    const first = live.watch("j", 4, () => {});
    const second = live.watch("j", 4, () => {});
    first();
    expect(socket().types).not.toContain("unwatch");
    second();
    expect(socket().types.at(-1)).toBe("unwatch");
  });
});
