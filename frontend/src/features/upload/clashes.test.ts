import { beforeEach, expect, it } from "vitest";
import type { FileEntry } from "@/api/types";
import { useQuestions } from "@/shell/questions/store";
import { withoutClashes } from "./clashes";
import type { Item } from "./gather";

const known = new Map(["src/a.txt", "src/b.txt"].map((path) => [path, { path, type: "file" } as FileEntry]));
known.set("src/lib", { path: "src/lib", type: "folder" } as FileEntry);
const tree = { size: 3, at: (path: string) => known.get(path) };
const items = (...paths: string[]) => paths.map((path): Item => ({ path, file: new File([], path) }));

/** Decides about an upload to `src`, with the answers given one after another. */
async function decided(paths: string[], ...answers: [string | null, boolean?][]): Promise<string[] | undefined> {
  const work = withoutClashes(tree, items(...paths), "src");
  for (const [choice, forAll = false] of answers) {
    await Promise.resolve();
    useQuestions.getState().asked[0]!.answer({ choice, forAll });
    await new Promise((resolve) => setTimeout(resolve));
  }
  return (await work)?.map(({ path }) => path);
}

beforeEach(() => useQuestions.setState({ asked: [] }));

it("asks about no name that is free", async () => {
  expect(await decided(["c.txt", "d/e.txt"])).toEqual(["c.txt", "d/e.txt"]);
});

it("applies each answer, and one to all that follow", async () => {
  expect(await decided(["a.txt", "b.txt", "c.txt"], ["replace"], ["skip"])).toEqual(["a.txt", "c.txt"]);
  expect(await decided(["a.txt", "b.txt"], ["keep", true])).toEqual(["a-2.txt", "b-2.txt"]);
});

it("gives a second copy a name that the upload does not bring itself", async () => {
  expect(await decided(["a.txt", "a-2.txt"], ["keep"])).toEqual(["a-3.txt", "a-2.txt"]);
});

it("never replaces a folder, and sends nothing when it is called off", async () => {
  expect(await decided(["a.txt", "lib"], ["replace", true])).toEqual(["a.txt", "lib-2"]);
  expect(await decided(["a.txt", "b.txt"], [null])).toBeUndefined();
});
