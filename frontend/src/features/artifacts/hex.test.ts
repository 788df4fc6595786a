import { expect, it } from "vitest";
import { hexLayout, hexRow, parseOffset } from "./hex";

it("writes bytes as hex and as text", () => {
  expect(hexRow(16, new TextEncoder().encode("GIF89a\u0001\u0000, and"))).toEqual({
    offset: "00000010",
    hex: "47 49 46 38 39 61 01 00  2c 20 61 6e 64",
    text: "GIF89a··, and",
  });
});

it("reads offsets", () => {
  expect(["1f0", "0x1F0", ".496", " ff ", "", "xyz"].map(parseOffset)).toEqual([496, 496, 496, 255, null, null]);
});

it("shows the last row at the end, however long the file is", () => {
  for (const rows of [1, 5, 1000, 50_000_000]) {
    const { total, first, count } = hexLayout(rows, 20, 1e12, 400);
    expect(total).toBeLessThanOrEqual(10_000_000);
    expect(first + count).toBe(rows);
    expect(hexLayout(rows, 20, 0, 400).first).toBe(0);
  }
});
