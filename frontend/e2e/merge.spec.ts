import type { Page } from "@playwright/test";
import { boxOf, changeElsewhere, contentOf, editor, expect, makeProject, MOD, row, shows, signedIn, status, tab, test } from "./support";

const LINES = Array.from({ length: 200 }, (_, n) => `line ${n + 1}`);
const saved = (page: Page) => page.getByRole("status", { name: "File: Saved", exact: true });

async function opened(page: Page, text: string, settings: object = {}): Promise<{ token: string; project: string }> {
  const token = await signedIn(page);
  const project = await makeProject(page.request, token, { "notes.txt": text, "other.txt": "two\n" });
  await page.addInitScript((all) => localStorage.setItem("engunity.settings", JSON.stringify(all)), settings);
  await page.goto(`/?project=${project}&file=notes.txt`);
  await shows(page, text.split("\n")[0]!);
  await status(page, "Connected");
  return { token, project };
}

const active = (page: Page) => page.evaluate(() => document.activeElement?.closest("[data-testid=code]") !== null);

test("changes that do not touch merge by themselves; caret and scroll position stay", async ({ page }) => {
  const { token, project } = await opened(page, LINES.join("\n"), { autoSave: false });
  await editor(page).locator(".view-lines").click();
  await page.keyboard.press(`${MOD}+G`);
  await page.keyboard.type("120");
  await page.keyboard.press("Enter");
  await page.keyboard.press("End");
  await page.keyboard.type(" mine");
  const line = editor(page).locator(".view-line", { hasText: "mine" });
  const before = await boxOf(line);
  await changeElsewhere(page, token, project, "notes.txt", (text) => `first\nsecond\n${text}\nlast`);
  await page.keyboard.press(`${MOD}+S`);
  await expect(saved(page)).toBeVisible();
  await expect(page.getByRole("region", { name: "Merge" })).toHaveCount(0);
  await page.keyboard.type("!");
  await expect(line).toHaveText(/line.120.mine!/);
  await expect(page.getByRole("contentinfo")).toContainText("Ln 122,");
  expect(Math.abs((await boxOf(line)).y - before.y)).toBeLessThan(2);
  const merged = ["first", "second", ...LINES.with(119, "line 120 mine"), "last"].join("\n");
  expect(await contentOf(page, token, project, "notes.txt")).toBe(merged);
});

test("their second save during a merge is explained and included; afterwards the caret is in the editor", async ({ page }) => {
  const { token, project } = await opened(page, "one\n", { autoSave: false });
  await editor(page).locator(".view-lines").click();
  await page.keyboard.type("mine ");
  await changeElsewhere(page, token, project, "notes.txt", () => "theirs\n");
  await page.keyboard.press(`${MOD}+S`);
  const merge = page.getByRole("region", { name: "Merge" });
  await merge.getByRole("button", { name: "Use both" }).click();
  await changeElsewhere(page, token, project, "notes.txt", () => "theirs again\n");
  await expect(merge.getByText("saved there again while this merge was open")).toBeVisible();
  await merge.getByRole("button", { name: "Use both" }).click();
  await merge.getByRole("button", { name: "Save merge" }).click();
  await expect(saved(page)).toBeVisible();
  await expect.poll(() => active(page)).toBe(true);
  expect(await contentOf(page, token, project, "notes.txt")).toMatch(/mine[^]*theirs again/);
});

test("a tab that is clicked, closed or split leaves the caret in the editor that looks active", async ({ page }) => {
  await opened(page, "one\n");
  await row(page, "other.txt").dblclick();
  await shows(page, "two");
  await tab(page, "notes.txt").click();
  await page.keyboard.type("clicked ");
  await shows(page, "clicked ");
  await tab(page, "other.txt").click();
  await shows(page, "two");
  await page.getByTitle("Close other.txt").click();
  await page.keyboard.type("closed ");
  await shows(page, "closed");
  await page.getByRole("button", { name: "Split editor" }).click();
  const second = page.getByRole("region", { name: "Editor group 2" });
  await expect(second.getByTestId("code")).toBeVisible();
  await expect.poll(() => page.evaluate(() => document.activeElement?.closest("section")?.ariaLabel)).toBe("Editor group 2");
  await page.keyboard.type("split ");
  await expect(second.locator(".view-lines")).toContainText("split");
  await page.keyboard.press("Alt+W");
  await expect(second).toHaveCount(0);
  await expect.poll(() => active(page)).toBe(true);
});

test("a reload finds the running job and its output again, and the last output after its end", async ({ page }) => {
  const token = await signedIn(page);
  const code = "import time\nprint('begun', flush=True)\ntime.sleep(6)\nprint('done')\n";
  const project = await makeProject(page.request, token, { "slow.py": code });
  await page.addInitScript(() => localStorage.setItem("engunity.settings", JSON.stringify({ screenReader: true })));
  await page.goto(`/?project=${project}&file=slow.py`);
  await page.getByRole("button", { name: "Run slow.py" }).click();
  const output = page.getByTestId("console").locator(".xterm-accessibility-tree");
  await expect(output).toContainText("begun");
  await page.reload();
  await expect(output).toContainText("begun");
  await expect(page.getByText("Finished", { exact: true })).toBeVisible();
  await page.reload();
  await expect(page.getByText("Finished", { exact: true })).toBeVisible();
  await expect(output).toContainText("done");
});
