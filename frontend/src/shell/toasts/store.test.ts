import { expect, it } from "vitest";
import { toast, useToasts } from "./store";

it("lets the oldest notices go, but none of what is under way", () => {
  toast("Uploading", { progress: 0 });
  for (const text of ["a", "b", "c", "d", "e"]) toast(text);
  expect(useToasts.getState().toasts.map(({ text }) => text)).toEqual(["Uploading", "c", "d", "e"]);
});
