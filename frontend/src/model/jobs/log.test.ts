import { describe, expect, it } from "vitest";
import type { OutputEvent } from "@/api/types";
import { OutputLog, plain } from "./log";

const out = (offset: number, data: string, more: Partial<OutputEvent> = {}): OutputEvent => ({
  stream: "stdout",
  offset,
  data,
  encoding: "utf-8",
  attempt: 1,
  ...more,
});
const base64 = (...bytes: number[]) => btoa(String.fromCharCode(...bytes));

describe("OutputLog", () => {
  it("drops what it has seen, in whole or in part", () => {
    const log = new OutputLog();
    log.push(out(0, "hello "));
    log.push(out(0, "hello "));
    log.push(out(3, "lo world"));
    expect(log.text()).toBe("hello world");
    expect(log.bytes).toBe(11);
  });

  it("counts offsets per stream", () => {
    const log = new OutputLog();
    log.push(out(0, "out"));
    log.push(out(0, "err", { stream: "stderr" }));
    expect(log.text()).toBe("outerr");
  });

  it("joins characters that were cut in two", () => {
    const log = new OutputLog();
    log.push(out(0, base64(0xc3), { encoding: "base64" }));
    log.push(out(1, base64(0xa9), { encoding: "base64" }));
    expect(log.text()).toBe("é");
  });

  it("says where bytes are missing", () => {
    const log = new OutputLog();
    log.push(out(0, "a"));
    log.push(out(5, "b"));
    expect(plain(log.text())).toContain("4 B of stdout not shown");
  });

  it("starts again with a higher attempt and ignores a lower one", () => {
    const log = new OutputLog();
    const heard: (string | null)[] = [];
    log.push(out(0, "first"));
    log.listen((text) => heard.push(text));
    log.push(out(0, "second", { attempt: 2 }));
    log.push(out(5, "late", { attempt: 1 }));
    expect(heard[0]).toBeNull();
    expect(plain(log.text())).toMatch(/attempt 2[^]*second$/);
  });

  it("keeps the tail of a flood", () => {
    const log = new OutputLog();
    const piece = "x".repeat(1_000_000);
    for (let n = 0; n < 8; n++) log.push(out(n * piece.length, piece));
    expect(log.text().length).toBeLessThanOrEqual(4_000_000);
    expect(log.dropped).toBe(4_000_000);
  });

  it("takes colours out for reading", () => {
    expect(plain("\x1b[1;31mred\x1b[0m\r\n\x1b]0;title\x07x")).toBe("red\nx");
  });
});
