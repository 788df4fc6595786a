import { describe, expect, it } from "vitest";
import { CsvReader, isNumeric } from "@/features/artifacts/csv";
import { kindOf } from "@/features/artifacts/kinds";
import { parsePlace, placeSearch } from "@/shell/location";
import { parseQuery } from "@/workbench/palette/choices";
import { withRecent } from "@/model/recentFiles";
import { ago, bytes, count, duration } from "./format";
import { extension, isInside, join, parent } from "./path";

describe("format", () => {
  it("writes sizes, times and counts", () => {
    expect([bytes(5), bytes(1234), bytes(123_456), bytes(4_200_000)]).toEqual(["5 B", "1.2 kB", "123 kB", "4.2 MB"]);
    expect([duration(8), duration(1843), duration(75_000), duration(7_500_000)]).toEqual(["8 ms", "1.84 s", "1 min 15 s", "2 h 5 min"]);
    expect([count(1, "file"), count(1200, "file")]).toEqual(["1 file", "1,200 files"]);
    expect(ago("2026-01-01T00:00:00Z", Date.parse("2026-01-01T02:00:00Z"))).toMatch(/2 hr/);
  });
});

describe("path", () => {
  it("takes paths apart and together", () => {
    expect([parent("a/b/c"), parent("a")]).toEqual(["a/b", ""]);
    expect([extension("a/.gitignore"), extension("x.TAR.GZ")]).toEqual(["", "gz"]);
    expect(join("", "a", "b")).toBe("a/b");
    expect([isInside("ab", "a"), isInside("a/b", "a"), isInside("x", "")]).toEqual([false, true, true]);
  });
});

describe("address", () => {
  it("names a project and a file", () => {
    const place = { project: "p 1", file: "a b/ü&.py" };
    expect(parsePlace(placeSearch(place))).toEqual(place);
    expect(placeSearch({ project: null, file: "x" })).toBe("");
  });
});

describe("csv", () => {
  const read = (text: string, separator = ",") => {
    const reader = new CsvReader(separator);
    reader.push(text);
    reader.end();
    return reader.rows;
  };

  it("reads the same in any pieces", () => {
    const text = 'a,"b ""c""",d\n"1\n",2,3\n';
    for (let cut = 0; cut <= text.length; cut++) {
      const reader = new CsvReader();
      for (const piece of [text.slice(0, cut), text.slice(cut)]) reader.push(piece);
      reader.end();
      expect(reader.rows).toEqual(read(text));
    }
  });

  it("reads quotes, line breaks and Windows line ends", () => {
    expect(read('a,b\r\n"x, ""y""","1\n2"\r\n,\n')).toEqual([["a", "b"], ['x, "y"', "1\n2"], ["", ""]]);
    expect(read("a\tb", "\t")).toEqual([["a", "b"]]);
    expect(read('"open')).toEqual([["open"]]);
    expect([isNumeric("1e3"), isNumeric(""), isNumeric("x")]).toEqual([true, false, false]);
  });
  it("tells kinds of files", async () => {
    expect(await kindOf("a.png", new Blob([]))).toBe("image");
    expect(await kindOf("a.unknown", new Blob(["text"]))).toBe("text");
    expect(await kindOf("a.unknown", new Blob(["a\0b"]))).toBe("binary");
  });
});

describe("palette query", () => {
  it("may name a line and a column", () => {
    expect(parseQuery("main:12:4")).toEqual({ text: "main", line: 12, column: 4 });
    expect(parseQuery("main:")).toEqual({ text: "main", line: undefined, column: undefined });
    expect(parseQuery("main")).toEqual({ text: "main" });
  });
});

describe("recent files", () => {
  it("come once each, the newest first", () => {
    let list = withRecent([], "p", "a", 1);
    list = withRecent(list, "p", "b", 2);
    list = withRecent(list, "p", "a", 3);
    expect(list.map(({ path }) => path)).toEqual(["a", "b"]);
  });
});
