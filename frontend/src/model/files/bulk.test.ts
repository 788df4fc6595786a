import { beforeEach, expect, it, vi } from "vitest";
import { bulk as call } from "@/api/client";
import { ApiError } from "@/api/problem";
import { askingConflicts, bulk, filesSettled, inTurn, MAX_PATHS, type BulkOutcome } from "./bulk";

vi.mock("@/api/client", () => ({ bulk: vi.fn() }));
const sent = vi.mocked(call);
beforeEach(() => void sent.mockReset());

const outcome = (part: Partial<BulkOutcome>): BulkOutcome => ({ done: [], failed: [], deletions: [], ...part });
const taken = (path: string) => ({ path, code: "conflict", detail: "it exists already" });

it("deletes thousands of files in one call", async () => {
  const paths = Array.from({ length: 2000 }, (_, n) => `f${n}`);
  sent.mockResolvedValue({ done: paths.map((path) => ({ id: path, path })), failed: [], deletion_id: "d" });
  const { done, deletions } = await bulk("p", { operation: "delete", paths });
  expect(sent).toHaveBeenCalledTimes(1);
  expect([done.length, deletions]).toEqual([2000, ["d"]]);
});

it("names every path of a call that was refused, and keeps what another call has done", async () => {
  const paths = Array.from({ length: MAX_PATHS + 2 }, (_, n) => `f${n}`);
  const refusal = new ApiError({ type: "", title: "", status: 507, detail: "the quota is used up", code: "quota_exceeded" });
  sent.mockResolvedValueOnce({ done: [{ id: "f0", path: "f0" }], failed: [] }).mockRejectedValueOnce(refusal);
  const { done, failed } = await bulk("p", { operation: "copy", paths, into: "" });
  expect(done).toHaveLength(1);
  expect(failed).toEqual(
    [`f${MAX_PATHS}`, `f${MAX_PATHS + 1}`].map((path) => ({ path, code: "quota_exceeded", detail: "The quota is used up" })),
  );
});

it("asks once about all names that are taken, and tries only those again", async () => {
  const attempt = vi.fn(async (_: string, again?: readonly string[]) =>
    again
      ? outcome({ done: [{ id: "2", path: "b-2" }] })
      : outcome({ done: [{ id: "1", path: "a" }], failed: [taken("b"), { path: "c", code: "not_found", detail: "gone" }] }),
  );
  const ask = vi.fn(async () => "rename" as const);
  const { done, failed } = await askingConflicts(attempt, ask);
  expect(ask).toHaveBeenCalledExactlyOnceWith(["b"]);
  expect(attempt.mock.calls).toEqual([["fail"], ["rename", ["b"]]]);
  expect(done.map(({ path }) => path)).toEqual(["a", "b-2"]);
  expect(failed.map(({ path }) => path)).toEqual(["c"]);
});

it("leaves out what a person skips, without a failure", async () => {
  const attempt = vi.fn(async () => outcome({ failed: [taken("b")] }));
  expect(await askingConflicts(attempt, async () => null)).toEqual(outcome({}));
  expect(attempt).toHaveBeenCalledTimes(1);
});

it("does one thing after another, also after one has failed", async () => {
  const order: string[] = [];
  const slow = inTurn(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    order.push("first");
    throw new Error("refused");
  });
  void inTurn(async () => order.push("second"));
  await expect(slow).rejects.toThrow("refused");
  await filesSettled();
  expect(order).toEqual(["first", "second"]);
});
