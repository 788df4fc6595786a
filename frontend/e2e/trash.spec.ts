import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Page } from "@playwright/test";
import { contentOf, expect, makeProject, MOD, row, signedIn, test } from "./support";

const FILES = { "src/a.txt": "a\n", "src/lib/deep.txt": "deep\n", "b.txt": "b\n", "c.txt": "c\n" };

let token = "";
let project = "";
test.beforeEach(async ({ page }) => {
  token = await signedIn(page);
  project = await makeProject(page.request, token, FILES);
});

async function open(page: Page): Promise<void> {
  await page.goto(`/?project=${project}`);
  await expect(row(page, "b.txt")).toBeVisible();
}

const pathsOf = async (page: Page): Promise<string[]> => {
  const headers = { Authorization: `Bearer ${token}` };
  const list = await (await page.request.get(`/api/v1/code/${project}/files?limit=10000`, { headers })).json();
  return list.map((entry: { path: string }) => entry.path);
};

const undo = async (page: Page, action: string) => {
  await page.getByRole("tree", { name: "Files" }).focus();
  await page.keyboard.press(`${MOD}+Z`);
  await expect(page.getByText(`Undone: ${action}`)).toBeVisible();
};

const deleteRow = async (page: Page, name: string) => {
  await row(page, name).click();
  await page.getByRole("tree", { name: "Files" }).focus();
  await page.keyboard.press("Delete");
  await expect(row(page, name)).toHaveCount(0);
};

/** Puts many small files into the project. */
async function withMany(page: Page, count: number): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "many-"));
  for (let n = 0; n < count; n++) writeFileSync(path.join(folder, `f${String(n).padStart(4, "0")}.txt`), `${n}\n`);
  execFileSync("tar", ["-czf", "../many.tar.gz", "."], { cwd: folder });
  const archive = path.join(folder, "../many.tar.gz");
  const file = { name: "many.tar.gz", mimeType: "application/gzip", buffer: readFileSync(archive) };
  const headers = { Authorization: `Bearer ${token}` };
  expect((await page.request.post(`/api/v1/code/${project}/upload`, { headers, multipart: { file } })).ok()).toBe(true);
  rmSync(folder, { recursive: true });
  rmSync(archive);
}

test("2,000 files are deleted by one request, and come back by one", async ({ page }) => {
  await withMany(page, 2000);
  const writes: string[] = [];
  page.on("request", (request) => {
    if (["POST", "DELETE", "PATCH"].includes(request.method()) && /\/(files|trash)/.test(request.url())) writes.push(request.url());
  });
  await open(page);
  await page.getByRole("tree", { name: "Files" }).focus();
  await page.keyboard.press(`${MOD}+A`);
  await page.keyboard.press("Delete");
  await expect(page.getByText("Deleted 2,003 items")).toBeVisible();
  await expect.poll(() => pathsOf(page)).toEqual([]);
  await expect(page.getByText("No files yet")).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(row(page, "f0000.txt")).toBeVisible();
  await expect.poll(async () => (await pathsOf(page)).length).toBe(2006);
  expect(writes.map((url) => new URL(url).pathname.split("/").slice(-2).join("/"))).toEqual(["files/bulk", "trash/restore"]);
});

test("what the server refuses comes back with a word, in one message", async ({ page }) => {
  await open(page);
  await page.route("**/files/bulk", async (route) => {
    const { paths } = route.request().postDataJSON() as { paths: string[] };
    const failed = paths.map((path) => ({ path, code: "conflict", detail: "It is in use" }));
    await route.fulfill({ json: { done: [], failed } });
  });
  await row(page, "b.txt").click();
  await row(page, "c.txt").click({ modifiers: [MOD] });
  await page.keyboard.press("Delete");
  await expect(page.getByRole("region", { name: "Notifications" }).getByRole("alert")).toContainText("2 of 2 items could not be deleted");
  await expect(page.getByRole("region", { name: "Notifications" }).getByRole("alert")).toContainText("b.txt, c.txt: It is in use");
  await expect(row(page, "b.txt")).toBeVisible();
  await expect(row(page, "c.txt")).toBeVisible();
});

test("Ctrl+Z takes a deletion back at any time, and before it a move and a rename", async ({ page }) => {
  await open(page);
  await row(page, "b.txt").dragTo(row(page, "src"));
  await expect(row(page, "b.txt")).toHaveAttribute("aria-level", "2");
  await row(page, "c.txt").click();
  await page.keyboard.press("F2");
  await page.getByLabel("New name").fill("renamed.txt");
  await page.keyboard.press("Enter");
  await expect(row(page, "renamed.txt")).toBeVisible();
  await deleteRow(page, "src");
  await expect(page.getByText("Deleted src")).toHaveCount(0, { timeout: 12_000 });
  expect(await pathsOf(page)).toEqual(["renamed.txt"]);
  await undo(page, "delete src");
  await expect(row(page, "src")).toBeVisible();
  await undo(page, "rename c.txt to renamed.txt");
  await undo(page, "move b.txt");
  await expect(row(page, "b.txt")).toHaveAttribute("aria-level", "1");
  expect(await contentOf(page, token, project, "src/lib/deep.txt")).toBe("deep\n");
  expect((await pathsOf(page)).toSorted()).toEqual(["b.txt", "c.txt", "src", "src/a.txt", "src/lib", "src/lib/deep.txt"]);
});

test("a move to a name that is taken asks, and its undo brings back what it replaced", async ({ page }) => {
  await open(page);
  await page.request.post(`/api/v1/code/${project}/files`, {
    headers: { Authorization: `Bearer ${token}` },
    data: { path: "src/b.txt", type: "file", content: "other\n" },
  });
  await row(page, "src").click();
  await expect(row(page, "b.txt")).toHaveCount(2);
  const top = page.locator('[role=treeitem][data-path="b.txt"]');
  await top.dragTo(row(page, "src"));
  const dialog = page.getByRole("dialog", { name: "b.txt already exists there" });
  await dialog.getByRole("button", { name: "Skip" }).click();
  expect(await contentOf(page, token, project, "src/b.txt")).toBe("other\n");
  await top.dragTo(row(page, "src"));
  await dialog.getByRole("button", { name: "Replace" }).click();
  await expect.poll(() => contentOf(page, token, project, "src/b.txt")).toBe("b\n");
  await expect(top).toHaveCount(0);
  await undo(page, "move b.txt");
  await expect(top).toBeVisible();
  expect(await contentOf(page, token, project, "src/b.txt")).toBe("other\n");
  expect(await contentOf(page, token, project, "b.txt")).toBe("b\n");
});

test("files and folders are copied by keys and by dragging", async ({ page }) => {
  await open(page);
  await row(page, "b.txt").click();
  await page.getByRole("tree", { name: "Files" }).focus();
  await page.keyboard.press(`${MOD}+C`);
  await page.keyboard.press(`${MOD}+V`);
  await expect.poll(async () => (await pathsOf(page)).filter((name) => name.startsWith("b")).length).toBe(2);
  await row(page, "src").click();
  await page.keyboard.press(`${MOD}+V`);
  await expect.poll(() => contentOf(page, token, project, "src/b.txt").catch(() => null)).toBe("b\n");
  await page.keyboard.down("Control");
  await row(page, "c.txt").dragTo(row(page, "src"));
  await page.keyboard.up("Control");
  await expect.poll(async () => (await pathsOf(page)).filter((name) => name.endsWith("c.txt"))).toEqual(["c.txt", "src/c.txt"]);
  await undo(page, "copy c.txt");
  await expect.poll(() => pathsOf(page)).not.toContain("src/c.txt");
});

const trash = (page: Page) => page.getByRole("listbox", { name: "Deleted files" });

test("the trash lists what was deleted, restores it, and deletes it for good", async ({ page }) => {
  await open(page);
  await deleteRow(page, "src");
  await deleteRow(page, "b.txt");
  await deleteRow(page, "c.txt");
  await page.getByRole("tab", { name: "Trash" }).click();
  await expect(trash(page).getByRole("option")).toHaveCount(3);
  const folder = trash(page).getByRole("option").filter({ hasText: "src" });
  await expect(folder).toContainText("2 files");
  await expect(folder).toContainText("Ada Lovelace");
  await folder.click();
  await trash(page)
    .getByRole("option")
    .filter({ hasText: "b.txt" })
    .click({ modifiers: [MOD] });
  await page.getByRole("button", { name: "Restore", exact: true }).click();
  await expect(page.getByText("Restored 2 items")).toBeVisible();
  await expect(trash(page).getByRole("option")).toHaveCount(1);
  expect(await contentOf(page, token, project, "src/lib/deep.txt")).toBe("deep\n");

  await trash(page).getByRole("option").click();
  await trash(page).press("Delete");
  const dialog = page.getByRole("dialog", { name: "Delete c.txt for good?" });
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(trash(page).getByRole("option")).toHaveCount(1);
  await page.getByRole("button", { name: "Empty trash" }).click();
  await page.getByRole("dialog", { name: "Empty the trash?" }).getByRole("button", { name: "Delete for good" }).click();
  await expect(page.getByText("The trash is empty")).toBeVisible();
  await page.getByRole("tab", { name: "Explorer" }).click();
  await page.getByRole("tree", { name: "Files" }).focus();
  await page.keyboard.press(`${MOD}+Z`);
  await expect(page.getByText("Too late to undo: delete c.txt")).toBeVisible();
});

test("a restored name that is taken asks", async ({ page }) => {
  await open(page);
  await deleteRow(page, "b.txt");
  await page.request.post(`/api/v1/code/${project}/files`, {
    headers: { Authorization: `Bearer ${token}` },
    data: { path: "b.txt", type: "file", content: "another\n" },
  });
  await page.getByRole("tab", { name: "Trash" }).click();
  await trash(page).getByRole("option").click();
  await trash(page).press("Enter");
  await page.getByRole("dialog", { name: "b.txt already exists there" }).getByRole("button", { name: "Keep both" }).click();
  await expect(page.getByText(/^Restored b/)).toBeVisible();
  expect(await contentOf(page, token, project, "b.txt")).toBe("another\n");
  expect((await pathsOf(page)).filter((name) => name.startsWith("b"))).toHaveLength(2);
});
