import { describe, expect, it } from "vitest";
import { parseQuery } from "./choices";

describe("palette query", () => {
  it("may name a line and a column", () => {
    expect(parseQuery("main:12:4")).toEqual({ text: "main", line: 12, column: 4 });
    expect(parseQuery("main:")).toEqual({ text: "main", line: undefined, column: undefined });
    expect(parseQuery("main")).toEqual({ text: "main" });
  });
});
