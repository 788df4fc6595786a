import { expect, it } from "vitest";
import type { SearchHit } from "@/api/search";
import { placeOf, rowsOf, summary, targetOf, type LineRow } from "./rows";

const hit = (part: Partial<SearchHit>): SearchHit => ({
  project_id: "p",
  path: "src/a.py",
  start_line: 1,
  end_line: 1,
  snippet: "",
  highlights: [],
  score: 1,
  ...part,
});
const lines = (hits: SearchHit[], closed: string[] = []) =>
  rowsOf(hits, new Set(closed)).map((row) => (row.kind === "file" ? `${row.path} (${row.hits})` : `${row.line}: ${row.text}`));

it("groups hits by file, and hides those of a closed one", () => {
  const hits = [
    hit({
      start_line: 3,
      snippet: "  x = foo(foo)",
      highlights: [
        [6, 9],
        [10, 13],
      ],
    }),
    hit({ path: "b.py", start_line: 1, snippet: "foo", highlights: [[0, 3]] }),
    hit({ start_line: 9, snippet: "foo()", highlights: [[0, 3]] }),
  ];
  expect(lines(hits)).toEqual(["src/a.py (3)", "3: x = foo(foo)", "9: foo()", "b.py (1)", "1: foo"]);
  expect(lines(hits, ["src/a.py"])).toEqual(["src/a.py (3)", "b.py (1)", "1: foo"]);
  expect(summary(hits, false)).toBe("4 results in 2 files");
  expect(summary([], false)).toBe("No results");
});

it("shows the lines that match, without the context around them", () => {
  const snippet = "before\n\tmatch one\nbetween\nmatch two\nafter";
  const at = (word: string): [number, number] => [snippet.indexOf(word), snippet.indexOf(word) + word.length];
  const found = hit({ start_line: 11, end_line: 13, snippet_line: 10, snippet, highlights: [at("match one"), at("match two")] });
  expect(lines([found])).toEqual(["src/a.py (2)", "11: match one", "13: match two"]);
  const row = rowsOf([found], new Set())[2] as LineRow;
  expect(targetOf(row)).toEqual({ from: { line: 13, column: 1 }, to: { line: 13, column: 10 } });
  expect(placeOf(found, at("match one")[0])).toEqual({ line: 11, column: 2 });
});

it("shows the beginning of what was found by meaning", () => {
  const found = hit({ start_line: 5, end_line: 9, snippet: "  def f():\n    a\n\n    b\n    c", symbol: { name: "f", kind: "function" } });
  expect(lines([found])).toEqual(["src/a.py (1)", "5: def f():", "6:   a", "8:   b"]);
});

it("keeps marks right where a line is cut", () => {
  const long = `${" ".repeat(4)}${"x".repeat(200)}needle and more`;
  const row = rowsOf([hit({ snippet: long, highlights: [[204, 210]] })], new Set())[1] as LineRow;
  expect(row.text.startsWith("…x")).toBe(true);
  expect(row.marks.map(([start, end]) => row.text.slice(start, end))).toEqual(["needle"]);
});
