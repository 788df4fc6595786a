import { describe, expect, it } from "vitest";
import { conflictCount, hasMarkers, mergedText, mergePieces } from "./merge";

const base = "a\nb\nc\nd\ne";

describe("merge", () => {
  it("joins changes that do not touch", () => {
    const pieces = mergePieces(base, "A\nb\nc\nd\ne", "a\nb\nc\nd\nE");
    expect(conflictCount(pieces)).toBe(0);
    expect(mergedText(pieces, []).text).toBe("A\nb\nc\nd\nE");
  });

  it("asks about changes that do, and takes each answer", () => {
    const pieces = mergePieces(base, "a\nb\nmine\nd\ne", "a\nb\ntheirs\nd\ne");
    expect(conflictCount(pieces)).toBe(1);
    expect(hasMarkers(mergedText(pieces, [null]).text)).toBe(true);
    expect(mergedText(pieces, ["yours"]).text).toBe("a\nb\nmine\nd\ne");
    expect(mergedText(pieces, ["theirs"]).text).toBe("a\nb\ntheirs\nd\ne");
    expect(mergedText(pieces, ["both"]).text).toBe("a\nb\nmine\ntheirs\nd\ne");
  });

  it("knows which lines a decision covers", () => {
    const pieces = mergePieces(base, "a\nb\nmine\nd\ne", "a\nb\ntheirs\nd\ne");
    expect(mergedText(pieces, ["both"]).spans).toEqual([{ conflict: 0, from: 3, to: 4, choice: "both" }]);
  });

  it("makes no conflict of equal changes, or of line ends alone", () => {
    expect(conflictCount(mergePieces(base, "a\nX\nc\nd\ne", "a\nX\nc\nd\ne"))).toBe(0);
    expect(conflictCount(mergePieces(base, base.replaceAll("\n", "\r\n"), base))).toBe(0);
  });
});
