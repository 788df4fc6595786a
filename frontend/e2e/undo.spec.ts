import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Page } from "@playwright/test";
import { contentOf, droppedArchive, expect, makeProject, MOD, row, signedIn, test } from "./support";

const FILES = { "src/a.txt": "a\n", "b.txt": "b\n", "c.txt": "c\n" };

let token = "";
let project = "";
test.beforeEach(async ({ page }) => {
  token = await signedIn(page);
  project = await makeProject(page.request, token, FILES);
  await page.goto(`/?project=${project}`);
  await expect(row(page, "b.txt")).toBeVisible();
});

const undo = async (page: Page, action: string) => {
  await page.getByRole("tree").focus();
  await page.keyboard.press(`${MOD}+Z`);
  await expect(page.getByText(`Undone: ${action}`)).toBeVisible();
};

test("Ctrl+Z in the tree takes back a move, a rename and a deletion", async ({ page }) => {
  await row(page, "b.txt").dragTo(row(page, "src"));
  await expect(row(page, "b.txt")).toHaveAttribute("aria-level", "2");
  await row(page, "c.txt").click();
  await page.getByRole("tree").focus();
  await page.keyboard.press("F2");
  await page.getByLabel("New name").fill("renamed.txt");
  await page.keyboard.press("Enter");
  await expect(row(page, "renamed.txt")).toBeVisible();
  await row(page, "renamed.txt").click();
  await page.getByRole("tree").focus();
  await page.keyboard.press("Delete");
  await expect(row(page, "renamed.txt")).toHaveCount(0);

  await undo(page, "delete renamed.txt");
  await expect(row(page, "renamed.txt")).toBeVisible();
  await undo(page, "rename c.txt to renamed.txt");
  await expect(row(page, "c.txt")).toBeVisible();
  await undo(page, "move b.txt");
  await expect(row(page, "b.txt")).toHaveAttribute("aria-level", "1");
  expect(await contentOf(page, token, project, "b.txt")).toBe("b\n");
  expect(await contentOf(page, token, project, "c.txt")).toBe("c\n");
});

/** Picks files with the content `new` to upload. */
const upload = (page: Page, ...names: string[]) =>
  page
    .getByLabel("Files to upload")
    .setInputFiles(names.map((name) => ({ name, mimeType: "text/plain", buffer: Buffer.from(`new ${name}\n`) })));

test("an upload over a name that is taken asks before it replaces", async ({ page }) => {
  const dialog = page.getByRole("dialog", { name: "b.txt already exists" });
  await upload(page, "b.txt");
  await dialog.getByRole("button", { name: "Skip" }).click();
  await expect(dialog).toHaveCount(0);
  await upload(page, "b.txt");
  await dialog.getByRole("button", { name: "Keep both" }).click();
  await expect(row(page, "b-2.txt")).toBeVisible();
  expect(await contentOf(page, token, project, "b.txt")).toBe("b\n");
  expect(await contentOf(page, token, project, "b-2.txt")).toBe("new b.txt\n");
  await upload(page, "b.txt");
  await dialog.getByRole("button", { name: "Replace" }).click();
  await expect.poll(() => contentOf(page, token, project, "b.txt")).toBe("new b.txt\n");
});

test("one answer is enough for all files of an upload", async ({ page }) => {
  await upload(page, "b.txt", "c.txt", "d.txt");
  const dialog = page.getByRole("dialog", { name: /already exists/ });
  await dialog.getByLabel("Do the same for the other one").check();
  await dialog.getByRole("button", { name: "Keep both" }).click();
  for (const name of ["b-2.txt", "c-2.txt", "d.txt"]) await expect(row(page, name)).toBeVisible();
  expect(await contentOf(page, token, project, "c.txt")).toBe("c\n");
});

test("an archive that would replace files says which before it does", async ({ page }) => {
  const data = await droppedArchive(page, "b.txt", "from the archive\n");
  const drop = () => page.getByRole("banner").dispatchEvent("drop", { dataTransfer: data });
  const dialog = page.getByRole("dialog", { name: "Replace 1 file?" });
  await drop();
  await expect(dialog.getByRole("listitem")).toHaveText(["b.txt"]);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  expect(await contentOf(page, token, project, "b.txt")).toBe("b\n");
  await drop();
  await dialog.getByRole("button", { name: "Replace" }).click();
  await expect.poll(() => contentOf(page, token, project, "b.txt")).toBe("from the archive\n");
});

test("a .tar.zst asks like the other archives", async ({ page }) => {
  const folder = mkdtempSync(path.join(tmpdir(), "zst-"));
  writeFileSync(path.join(folder, "b.txt"), "from zstd\n");
  execFileSync("tar", ["--zstd", "-cf", "packed.tar.zst", "b.txt"], { cwd: folder });
  const buffer = readFileSync(path.join(folder, "packed.tar.zst"));
  rmSync(folder, { recursive: true });
  const send = () => page.getByLabel("Files to upload").setInputFiles({ name: "packed.tar.zst", mimeType: "application/zstd", buffer });
  const dialog = page.getByRole("dialog", { name: "Replace 1 file?" });
  await send();
  await expect(dialog.getByRole("listitem")).toHaveText(["b.txt"]);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  expect(await contentOf(page, token, project, "b.txt")).toBe("b\n");
  await send();
  await dialog.getByRole("button", { name: "Replace" }).click();
  await expect.poll(() => contentOf(page, token, project, "b.txt")).toBe("from zstd\n");
});
