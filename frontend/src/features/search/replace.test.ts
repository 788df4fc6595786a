import { describe, expect, it } from "vitest";
import type { SearchHit } from "@/api/search";
import { applied, planned, replacer } from "./replace";

const line = (start_line: number, snippet: string, ...highlights: [number, number][]): SearchHit => ({
  project_id: "p",
  path: "a",
  start_line,
  end_line: start_line,
  snippet,
  highlights,
  score: 1,
});

describe("replacing", () => {
  const text = "let foo = 1;\nbar(foo, foo);\n";
  const hits = [line(1, "let foo = 1;", [4, 7]), line(2, "bar(foo, foo);", [4, 7], [9, 12])];

  it("changes every match where it was found, and nothing else", () => {
    const { replacements, stale } = planned(text, hits, () => "quux");
    expect(stale).toBe(0);
    expect(applied(text, replacements)).toBe("let quux = 1;\nbar(quux, quux);\n");
  });

  it("sees that a match is not there any more", () => {
    expect(planned("let fob = 1;\nbar(foo, foo);\n", hits, () => "x").stale).toBe(1);
    expect(planned("let foo = 1;\n", hits, () => "x").stale).toBe(2);
  });

  it("counts as editors count, in UTF-16", () => {
    const wide = "🎯 foo\n";
    const { replacements } = planned(wide, [line(1, "🎯 foo", [3, 6])], () => "bar");
    expect(applied(wide, replacements)).toBe("🎯 bar\n");
  });

  it("leaves out a match that touches one before", () => {
    const { replacements } = planned("aaa\n", [line(1, "aaa", [0, 2], [1, 3])], () => "c");
    expect(applied("aaa\n", replacements)).toBe("ca\n");
  });
});

describe("the replacement", () => {
  const by = (text: string, replacement: string, matchCase = true) => replacer({ text, regex: true, matchCase }, replacement);

  it("is taken as it stands for a text", () => {
    expect(replacer({ text: "a", regex: false, matchCase: true }, "$1 $&\\n")("a")).toBe("$1 $&\\n");
  });

  it("has the groups of a regular expression", () => {
    expect(by(String.raw`(\w+)\((\w+)\)`, "$2.$1()")("len(x)")).toBe("x.len()");
    expect(by("(?P<name>[a-z]+)=", "${name}: $name$$")("key=")).toBe("key: key$");
    expect(by("a(b)?", "[$1][$0][$9]")("a")).toBe("[][a][$9]");
    expect(by("(?i)FOO", "bar")("foo")).toBe("bar");
    expect(by("FOO", "x$&", false)("foo")).toBe("xfoo");
    expect(by("a", String.raw`\t\\\n`)("a")).toBe("\t\\\n");
  });

  it("stands as it is where the browser can't read the expression", () => {
    expect(by("(?x) a b", "c")("ab")).toBe("c");
    expect(by(String.raw`\bfoo\b(?=x)`, "$0")("foo")).toBe("$0");
  });
});
