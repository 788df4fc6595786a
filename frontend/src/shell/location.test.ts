import { describe, expect, it } from "vitest";
import { parsePlace, placeSearch } from "./location";

describe("address", () => {
  it("names a project and a file", () => {
    const place = { project: "p 1", file: "a b/ü&.py" };
    expect(parsePlace(placeSearch(place))).toEqual(place);
    expect(placeSearch({ project: null, file: "x" })).toBe("");
  });
});
