import { describe, expect, it } from "vitest";
import type { SearchHit } from "@/api/search";
import { parseQuery, symbolChoices, withServerPaths } from "./choices";

describe("palette query", () => {
  it("may name a line and a column", () => {
    expect(parseQuery("main:12:4")).toEqual({ text: "main", line: 12, column: 4 });
    expect(parseQuery("main:")).toEqual({ text: "main", line: undefined, column: undefined });
    expect(parseQuery("main")).toEqual({ text: "main" });
  });
});

it("puts what the server found first, and keeps what only this list has", () => {
  const local = ["b.ts", "a.ts"].map((path) => ({ id: path, label: path, detail: "", path, positions: [], run: () => {} }));
  const hit = (path: string) =>
    ({ project_id: "p", path, start_line: 1, end_line: 1, snippet: path, highlights: [[0, 1]], score: 1 }) as SearchHit;
  const choices = withServerPaths("x:3", local, [hit("src/deep/c.ts"), hit("a.ts")]);
  expect(choices.map(({ id }) => id)).toEqual(["src/deep/c.ts", "a.ts", "b.ts"]);
  expect(choices[0]).toMatchObject({ label: "c.ts", detail: "src/deep", positions: [] });
});

it("shows a symbol with its scope and place", () => {
  const symbol = { name: "start", kind: "method", scope: "Engine" };
  const [choice] = symbolChoices([
    { project_id: "p", path: "a.py", start_line: 7, end_line: 9, snippet: "    def start(self):", highlights: [], score: 1, symbol },
  ]);
  expect(choice).toMatchObject({ label: "start", detail: "Engine · a.py:7" });
});
