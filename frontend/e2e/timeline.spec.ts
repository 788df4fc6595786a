import type { Page } from "@playwright/test";
import { changeElsewhere, contentOf, expect, makeProject, MOD, row, shows, signedIn, tab, test } from "./support";

let token = "";
let project = "";
test.beforeEach(async ({ page }) => {
  token = await signedIn(page);
  project = await makeProject(page.request, token, { "notes.txt": "first\n", "other.txt": "other\n" });
});

/** Versions that follow each other within seconds count as one, so each is by another kind of change. */
async function withVersions(page: Page): Promise<void> {
  const headers = { Authorization: `Bearer ${token}` };
  const file = { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("second\n") };
  expect((await page.request.post(`/api/v1/code/${project}/upload`, { headers, multipart: { file } })).ok()).toBe(true);
  await changeElsewhere(page, token, project, "notes.txt", () => "third\n");
}

const versions = (page: Page) => page.getByRole("list", { name: "Versions" }).getByRole("button");
const diff = (page: Page) => page.getByTestId("diff");

test("a version is compared with the file now, and restored; what it replaces can be had back", async ({ page }) => {
  await withVersions(page);
  await page.goto(`/?project=${project}&file=notes.txt`);
  await shows(page, "third");
  await page.keyboard.press("F1");
  await page.getByRole("combobox").fill(">local history");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Timeline" })).toBeVisible();
  await expect(versions(page).first()).toHaveAttribute("aria-label", /by Ada Lovelace.*the file now/);
  await expect(versions(page).last()).toHaveAttribute("aria-label", /^Created/);
  await versions(page).last().click();
  await expect(diff(page)).toContainText("first");
  await expect(diff(page)).toContainText("third");
  await page.getByRole("region", { name: "Version of notes.txt" }).getByRole("button", { name: "Restore" }).click();
  await expect.poll(() => contentOf(page, token, project, "notes.txt")).toBe("first\n");
  await shows(page, "first");
  await expect(versions(page).first()).toHaveAttribute("aria-label", /^Restored/);
  await page.getByRole("status").getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => contentOf(page, token, project, "notes.txt")).toBe("third\n");
  await shows(page, "third");
});

test("unsaved text is saved before a version takes its place", async ({ page }) => {
  await withVersions(page);
  await page.addInitScript(() => localStorage.setItem("engunity.settings", JSON.stringify({ autoSave: false })));
  await page.goto(`/?project=${project}&file=notes.txt`);
  await shows(page, "third");
  await page.getByTestId("code").locator(".view-lines").click();
  await page.keyboard.type("typed ");
  await row(page, "notes.txt").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Local history" }).click();
  await versions(page).last().click();
  await page.getByRole("region", { name: "Version of notes.txt" }).getByRole("button", { name: "Restore" }).click();
  await expect.poll(() => contentOf(page, token, project, "notes.txt")).toBe("first\n");
  await page.getByRole("status").getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => contentOf(page, token, project, "notes.txt")).toContain("typed ");
});

test("a deleted file has its history, and comes back from it", async ({ page }) => {
  await withVersions(page);
  await page.goto(`/?project=${project}`);
  await row(page, "notes.txt").click();
  await page.keyboard.press(`${MOD}+Shift+E`);
  await page.keyboard.press("Delete");
  await expect(row(page, "notes.txt")).toHaveCount(0);
  await page.getByRole("tab", { name: "Trash" }).click();
  await page.getByRole("option").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Local history" }).click();
  await versions(page).last().click();
  const version = page.getByRole("region", { name: "Version of notes.txt" });
  await expect(version).toContainText("the file is deleted");
  await expect(diff(page)).toContainText("first");
  await version.getByRole("button", { name: "Restore" }).click();
  await expect(tab(page, "notes.txt").first()).toBeVisible();
  await expect.poll(() => contentOf(page, token, project, "notes.txt").catch(() => null)).toBe("first\n");
});

test("versions from before a move are of the file where it is now", async ({ page }) => {
  await withVersions(page);
  const headers = { Authorization: `Bearer ${token}` };
  const list = await (await page.request.get(`/api/v1/code/${project}/files`, { headers })).json();
  const { id } = list.find((entry: { path: string }) => entry.path === "notes.txt");
  await page.request.patch(`/api/v1/code/files/${id}`, { headers, data: { name: "moved.txt" } });
  await page.goto(`/?project=${project}&file=moved.txt`);
  await shows(page, "third");
  await page.getByRole("tab", { name: "Timeline" }).click();
  await versions(page).last().click();
  await expect(diff(page)).toContainText("third");
  await page.getByRole("region", { name: "Version of moved.txt" }).getByRole("button", { name: "Restore" }).click();
  await expect.poll(() => contentOf(page, token, project, "moved.txt")).toBe("first\n");
});

test("the timeline follows the open file and its saves", async ({ page }) => {
  await page.goto(`/?project=${project}&file=notes.txt`);
  await shows(page, "first");
  await page.getByRole("tab", { name: "Timeline" }).click();
  await expect(versions(page)).toHaveCount(1);
  await changeElsewhere(page, token, project, "notes.txt", () => "by somebody\n");
  await expect(versions(page)).toHaveCount(2);
  await page.keyboard.press(`${MOD}+P`);
  await page.getByRole("combobox").fill("other");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("tabpanel", { name: "Timeline" })).toContainText("other.txt");
  await expect(versions(page)).toHaveCount(1);
});
