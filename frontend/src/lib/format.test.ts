import { describe, expect, it } from "vitest";
import { ago, bytes, count, duration } from "./format";

describe("format", () => {
  it("writes sizes, times and counts", () => {
    expect([bytes(5), bytes(1234), bytes(123_456), bytes(4_200_000)]).toEqual(["5 B", "1.2 kB", "123 kB", "4.2 MB"]);
    expect([duration(8), duration(1843), duration(75_000), duration(7_500_000)]).toEqual(["8 ms", "1.84 s", "1 min 15 s", "2 h 5 min"]);
    expect([count(1, "file"), count(1200, "file")]).toEqual(["1 file", "1,200 files"]);
    expect(ago("2026-01-01T00:00:00Z", Date.parse("2026-01-01T02:00:00Z"))).toMatch(/2 hr/);
  });
});
