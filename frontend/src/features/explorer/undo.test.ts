import { beforeEach, expect, it, vi } from "vitest";
import { useFiles } from "@/model/files/store";
import { useToasts } from "@/shell/toasts/store";
import { canUndo, forget, remember, undoLast, undoStep } from "./undo";

const said = () => useToasts.getState().toasts.map(({ text }) => text);
let project = 0;
beforeEach(() => {
  useFiles.setState({ projectId: `p${project++}` });
  useToasts.setState({ toasts: [] });
});

it("takes back the last action first, each once, and only in its project", async () => {
  const calls: string[] = [];
  const step = (label: string) => remember(label, () => calls.push(label) > 0);
  const first = step("first");
  step("second");
  useFiles.setState({ projectId: "other" });
  expect(canUndo()).toBe(false);
  useFiles.setState({ projectId: first.projectId });
  await undoLast();
  await undoStep(first);
  await undoStep(first);
  await undoLast();
  expect(calls).toEqual(["second", "first"]);
  expect(said()).toEqual(["Undone: second", "Undone: first", "Nothing to undo in the explorer"]);
});

it("keeps a step that failed, and says so", async () => {
  const undo = vi.fn<() => Promise<boolean>>().mockRejectedValueOnce(new Error("no network")).mockResolvedValueOnce(false);
  remember("delete a", undo);
  await undoLast();
  await undoLast();
  expect(said()).toEqual(["Could not undo: delete a", "Too late to undo: delete a"]);
  const step = remember("nothing", undo);
  forget(step);
  expect(canUndo()).toBe(false);
});
