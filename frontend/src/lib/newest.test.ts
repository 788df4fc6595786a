import { describe, expect, it } from "vitest";
import { trim, withNewest, without } from "./newest";

describe("keeping the newest", () => {
  it("trims a map from its oldest end", () => {
    const map = new Map([
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ]);
    trim(map, 2);
    expect([...map.keys()]).toEqual(["b", "c"]);
    trim(map, 5);
    expect(map.size).toBe(2);
  });

  it("adds to a record as its newest entry", () => {
    expect(Object.keys(withNewest({ a: 1, b: 2 }, "c", 3, 2))).toEqual(["b", "c"]);
    expect(withNewest({ a: 1, b: 2 }, "a", 3, 2)).toEqual({ b: 2, a: 3 });
    expect(without({ a: 1, b: 2 }, "a")).toEqual({ b: 2 });
  });
});
