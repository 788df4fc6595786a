import { describe, expect, it } from "vitest";
import type { IndexStatus } from "@/api/types";
import { indexLabel } from "./indexStatus";

const at = Date.parse("2026-05-01T12:00:00Z");
const ready: IndexStatus = {
  state: "ready",
  files: 12,
  chunks: 40,
  embedded: 40,
  skipped: [],
  segments: 1,
  indexed_at: "2026-05-01T11:55:00Z",
};

describe("indexLabel", () => {
  it("says nothing of what it does not know", () => {
    expect(indexLabel({ index: null, refusal: null, changedAt: 0 })).toBeNull();
  });

  it("says that there is no index", () => {
    expect(indexLabel({ index: { ...ready, state: "none" }, refusal: null, changedAt: 0 })).toMatchObject({
      text: "Not indexed",
      behind: false,
    });
  });

  it("tells a building, a fresh and an old index apart", () => {
    expect(indexLabel({ index: { ...ready, state: "building" }, refusal: null, changedAt: 0 }, at)).toMatchObject({ text: "Indexing…" });
    expect(indexLabel({ index: ready, refusal: null, changedAt: 0 }, at)).toEqual({
      text: "Indexed",
      tip: "12 files in the search index, built 5 min. ago",
      behind: false,
    });
    expect(indexLabel({ index: ready, refusal: null, changedAt: at }, at)).toMatchObject({ text: "Index is behind", behind: true });
  });

  it("believes the server's count of files that wait, and says how much has no vectors yet", () => {
    const fresh = { ...ready, pending: 0, embedded: 10 };
    expect(indexLabel({ index: fresh, refusal: null, changedAt: at }, at)).toEqual({
      text: "Indexed",
      tip: "12 files in the search index, built 5 min. ago; 25% can be found by meaning",
      behind: false,
    });
    expect(indexLabel({ index: { ...ready, pending: 3 }, refusal: null, changedAt: 0 }, at)).toMatchObject({ behind: true });
  });

  it("says that search is not set up", () => {
    expect(indexLabel({ index: null, refusal: "No worker searches", changedAt: 0 })).toMatchObject({
      text: "No search",
      tip: "No worker searches",
    });
  });
});
