import { expect, it } from "vitest";
import { lineEdits } from "./replace";

const apply = (old: string[], next: string[]) =>
  lineEdits(old, next)
    .toReversed()
    .reduce((lines, { from, to, lines: put }) => lines.toSpliced(from, to - from, ...put), old);

it("leaves equal lines alone", () => {
  expect(lineEdits(["a", "b"], ["a", "b"])).toEqual([]);
  expect(lineEdits(["a", "b", "c", "d", "e"], ["A", "b", "c", "d", "E"])).toEqual([
    { from: 0, to: 1, lines: ["A"] },
    { from: 4, to: 5, lines: ["E"] },
  ]);
});

it("makes every text from every other", () => {
  const texts = [[""], ["a"], ["a", "b", "c"], ["x", "a", "c"], ["a", "b", "c", "d"], ["c", "b", "a"], ["", "", "a", ""]];
  for (const old of texts) for (const next of texts) expect(apply(old, next)).toEqual(next);
});
