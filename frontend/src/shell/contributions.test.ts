import { expect, it } from "vitest";
import type { FileEntry } from "@/api/types";
import { fileViewFor, panels, registerFileView, registerPanel, registerStatusItem, statusItems } from "./contributions";

const View = () => null;

it("keeps panels in the order of registration, and replaces one that is registered again", () => {
  registerPanel({ id: "a", label: "A", View });
  registerPanel({ id: "b", label: "B", View });
  registerPanel({ id: "a", label: "A again", View });
  expect(panels().map(({ label }) => label)).toEqual(["A again", "B"]);
});

it("orders status items by their number on each side", () => {
  registerStatusItem({ id: "late", side: "left", order: 20, View });
  registerStatusItem({ id: "early", side: "left", order: 10, View });
  registerStatusItem({ id: "other", side: "right", order: 1, View });
  expect(statusItems("left").map(({ id }) => id)).toEqual(["early", "late"]);
  expect(statusItems("right").map(({ id }) => id)).toEqual(["other"]);
});

it("gives a file to the first view that accepts it", () => {
  registerFileView({ id: "notebook", accepts: ({ path }) => path.endsWith(".ipynb"), View });
  registerFileView({ id: "any", accepts: () => true, View });
  const viewOf = (path: string) => fileViewFor({ path } as FileEntry)?.id;
  expect([viewOf("a.ipynb"), viewOf("a.bin")]).toEqual(["notebook", "any"]);
});
