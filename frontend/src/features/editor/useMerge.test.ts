import { expect, it } from "vitest";
import { renewed } from "./useMerge";

const lines = (...all: string[]) => all.join("\n");
const base = lines("a", "-", "-", "b", "-", "-", "c");
const yours = lines("mine", "-", "-", "mine", "-", "-", "c");
const theirs = lines("theirs", "-", "-", "theirs", "-", "-", "c");

it("keeps the decisions that a second save does not touch", () => {
  const state = { base, yours, theirs, choices: ["yours", "both"] as const, edited: null };
  const again = lines("theirs", "-", "-", "other", "-", "-", "c");
  expect(renewed(state, again).choices).toEqual(["yours", null]);
});

it("merges a typed result with what is new", () => {
  const state = { base, yours, theirs, choices: ["yours", "both"] as const, edited: lines("typed", "-", "-", "b", "-", "-", "c") };
  const again = lines("theirs", "-", "-", "theirs", "-", "-", "new");
  expect(renewed(state, again)).toMatchObject({ base: theirs, yours: state.edited, theirs: again, edited: null });
});
