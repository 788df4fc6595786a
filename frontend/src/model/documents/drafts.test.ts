import "fake-indexeddb/auto";
import { beforeEach, expect, it, vi } from "vitest";
import { draftsOf, dropDraft, keepDraft, keepDraftNow, readDraft, type Draft } from "./drafts";

const page = vi.hoisted(() => ({ id: "one", open: new Set(["one", "two"]) }));
vi.mock("./page", () => ({
  pageId: () => page.id,
  otherPages: async () => new Set([...page.open].filter((id) => id !== page.id)),
}));

let file = "";
let count = 0;
beforeEach(() => {
  file = `file-${count++}`;
  page.id = "one";
  page.open = new Set(["one", "two"]);
});

const draft = (text: string, at = Date.now()): Draft => ({ projectId: file, path: "a.txt", text, base: "", etag: "1", at });
const textIn = async (id: string) => {
  page.id = id;
  return (await readDraft(file))?.text;
};

it("keeps what two tabs write into the same file apart", async () => {
  await keepDraft(file, draft("of one"));
  page.id = "two";
  await keepDraft(file, draft("of two"));
  expect([await textIn("one"), await textIn("two")]).toEqual(["of one", "of two"]);
  page.id = "one";
  await dropDraft(file);
  expect([await textIn("one"), await textIn("two")]).toEqual([undefined, "of two"]);
  page.id = "one";
  expect(await draftsOf(file)).toEqual([]);
});

it("gives what a closed tab left behind to the tab that opens the file next", async () => {
  page.id = "two";
  await keepDraft(file, draft("older", 1));
  keepDraftNow(file, draft("as the page closed"));
  page.open.delete("two");
  expect(await textIn("one")).toBe("as the page closed");
  expect((await draftsOf(file)).map(({ slot }) => slot)).toEqual([`${file} one`]);
});

it("lists what other open tabs have not, with the slot to forget", async () => {
  await keepDraft(file, draft("mine"));
  page.id = "two";
  await keepDraft(file, draft("theirs"));
  page.id = "three";
  page.open = new Set(["three", "two"]);
  const [kept] = await draftsOf(file);
  expect(kept).toMatchObject({ fileId: file, slot: `${file} one`, draft: { text: "mine" } });
  await dropDraft(file, kept!.slot);
  expect(await draftsOf(file)).toEqual([]);
});
