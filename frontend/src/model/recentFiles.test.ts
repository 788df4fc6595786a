import { describe, expect, it } from "vitest";
import { withRecent } from "./recentFiles";

describe("recent files", () => {
  it("come once each, the newest first", () => {
    let list = withRecent([], "p", "a", 1);
    list = withRecent(list, "p", "b", 2);
    list = withRecent(list, "p", "a", 3);
    expect(list.map(({ path }) => path)).toEqual(["a", "b"]);
  });
});
