import { beforeEach, expect, it, vi } from "vitest";
import { trash as api } from "@/api/client";
import { ApiError } from "@/api/problem";
import type { TrashEntry } from "@/api/types";
import { restoreDeletions, restoreEntries } from "./trash";

vi.mock("@/api/client", () => ({ trash: { restore: vi.fn(), list: vi.fn() } }));
const restore = vi.mocked(api.restore);
beforeEach(() => void restore.mockReset());

const entry = (id: string, path: string) => ({ id, path }) as TrashEntry;
const conflict = (path: string) => ({ path, code: "conflict", detail: "it exists already" });

it("restores several at once, and asks about names that are taken", async () => {
  restore
    .mockResolvedValueOnce({ done: [{ id: "1", path: "a" }], failed: [conflict("b")] })
    .mockResolvedValueOnce({ done: [{ id: "2", path: "b-2" }], failed: [] });
  const { done } = await restoreEntries("p", [entry("1", "a"), entry("2", "b")], async () => "rename");
  expect(restore.mock.calls.map(([, body]) => body)).toEqual([
    { ids: ["1", "2"], on_conflict: "fail" },
    { ids: ["2"], on_conflict: "rename" },
  ]);
  expect(done.map(({ path }) => path)).toEqual(["a", "b-2"]);
});

it("restores what was deleted at once by its deletion; what is gone from the trash is not restored", async () => {
  const gone = new ApiError({ type: "", title: "", status: 404, detail: "", code: "not_found" });
  restore.mockRejectedValueOnce(gone).mockResolvedValueOnce({ done: [{ id: "3", path: "c" }], failed: [] });
  const { done } = await restoreDeletions("p", ["emptied", "kept"], async () => null);
  expect(restore.mock.calls.map(([, body]) => body)).toEqual([
    { deletion_id: "emptied", on_conflict: "fail" },
    { deletion_id: "kept", on_conflict: "fail" },
  ]);
  expect(done).toHaveLength(1);
});
