import { describe, expect, it } from "vitest";
import { extension, isInside, join, parent } from "./path";

describe("path", () => {
  it("takes paths apart and together", () => {
    expect([parent("a/b/c"), parent("a")]).toEqual(["a/b", ""]);
    expect([extension("a/.gitignore"), extension("x.TAR.GZ")]).toEqual(["", "gz"]);
    expect(join("", "a", "b")).toBe("a/b");
    expect([isInside("ab", "a"), isInside("a/b", "a"), isInside("x", "")]).toEqual([false, true, true]);
  });
});
