import { expect, it } from "vitest";
import { ApiError } from "@/api/problem";
import { parametersOf, parseAnswer } from "@/api/search";
import { gaps, refusal } from "./coverage";

const answer = (coverage: object, rest: object = {}) =>
  parseAnswer({
    took_ms: 1,
    exact: true,
    hits: [],
    ...rest,
    coverage: { files: 10, indexed: 9, chunks: 40, embedded: 40, skipped: 1, ...coverage },
  });

it("says nothing where everything was searched", () => {
  expect(gaps(answer({}), "text")).toEqual([]);
  expect(gaps(answer({}), "meaning")).toEqual([]);
});

it("says plainly what was not searched", () => {
  expect(gaps(answer({ indexed: 4 }), "text")).toEqual(["4 of 10 files searched: the index is being built."]);
  expect(gaps(answer({ embedded: 10 }), "meaning")).toEqual(["25% can be found by meaning so far, the rest by words."]);
  expect(gaps(answer({ embedded: 0 }), "meaning")).toEqual(["Nothing can be found by meaning yet, only by words."]);
  expect(gaps(answer({ embedded: 0 }), "text")).toEqual([]);
  expect(gaps(answer({}, { exact: false }), "regex")).toEqual(["Files are changing: some results may be missing."]);
  expect(gaps(answer({}, { exact: false, notes: ["the time ran out"] }), "regex")).toEqual(["The time ran out."]);
});

it("tells why there is no answer", () => {
  const problem = (status: number, code: string, errors?: { field: string; message: string }[]) =>
    new ApiError({ type: "", title: "", status, code: code as never, detail: "no worker searches", errors });
  expect(refusal(problem(503, "not_configured"))).toEqual({ title: "Search is not set up", detail: "No worker searches" });
  expect(refusal(problem(503, "unavailable")).title).toBe("Search can't be reached");
  const wrong = refusal(problem(422, "invalid_input", [{ field: "q", message: "unclosed group" }]));
  expect(wrong).toEqual({ title: "This can't be searched for", detail: "unclosed group" });
  expect(refusal(new Error("no network"))).toEqual({ title: "The search failed", detail: "no network" });
});

it("reads an answer of a later server, and refuses one that is none", () => {
  expect(
    answer(
      { more: 1 },
      { hits: [{ project_id: "p", path: "a", start_line: 1, end_line: 1, snippet: "", highlights: [], score: 0, new: 1 }] },
    ).hits,
  ).toHaveLength(1);
  expect(() => parseAnswer({ hits: [{}] })).toThrow("can't be read");
});

it("asks for what is set only", () => {
  expect(parametersOf({ q: "a b", mode: "text", case: false, lang: "", path: "src/**" })).toBe(
    "q=a+b&mode=text&case=insensitive&path=src%2F**",
  );
});
