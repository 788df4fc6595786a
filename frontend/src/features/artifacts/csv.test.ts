import { describe, expect, it } from "vitest";
import { CsvReader, isNumeric } from "./csv";
import { kindOf } from "./kinds";

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
    expect(read('a,b\r\n"x, ""y""","1\n2"\r\n,\n')).toEqual([
      ["a", "b"],
      ['x, "y"', "1\n2"],
      ["", ""],
    ]);
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
