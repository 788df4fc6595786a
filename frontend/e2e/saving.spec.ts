import type { Page } from "@playwright/test";
import { contentOf, editor, expect, makeProject, MOD, row, shows, signedIn, status, tab, test, typeAtTop } from "./support";

const PATCH = /\/api\/v1\/code\/files\/[^/?]+$/;

/** A project with two files, the first of them open. */
async function opened(page: Page, settings: object = {}): Promise<{ token: string; project: string }> {
  const token = await signedIn(page);
  const project = await makeProject(page.request, token, { "notes.txt": "one\n", "other.txt": "two\n" });
  await page.addInitScript((all) => localStorage.setItem("engunity.settings", JSON.stringify(all)), settings);
  await page.goto(`/?project=${project}&file=notes.txt`);
  await shows(page, "one");
  await status(page, "Connected");
  return { token, project };
}

test("what was typed the moment before a reload is still there", async ({ page }) => {
  await opened(page, { autoSave: false });
  await typeAtTop(page, "the last words");
  await page.reload();
  await shows(page, "the last words");
  await expect(tab(page, "notes.txt, unsaved")).toBeVisible();
});

for (const fault of ["a fault of the server", "a cut connection"] as const) {
  test(`a save that met ${fault} is tried again, and the status says so`, async ({ page }) => {
    const { token, project } = await opened(page, { autoSave: false });
    let refused = 0;
    await page.route(PATCH, async (route) => {
      if (route.request().method() !== "PATCH" || refused++ > 1) return route.fallback();
      if (fault === "a cut connection") return route.abort("connectionreset");
      return route.fulfill({ status: 500, contentType: "text/plain", body: "broken" });
    });
    await typeAtTop(page, "kept ");
    await page.keyboard.press(`${MOD}+S`);
    await expect(page.getByRole("status", { name: /^File: (Not saved, trying again|Saved in this browser)/ })).toBeVisible();
    await expect(page.getByRole("status", { name: "File: Saved", exact: true })).toBeVisible();
    expect(await contentOf(page, token, project, "notes.txt")).toBe("kept one\n");
  });
}

test("without auto-save, closing a changed tab asks what to do with the changes", async ({ page }) => {
  const { token, project } = await opened(page, { autoSave: false });
  const close = () => page.keyboard.press("Alt+W");
  const dialog = page.getByRole("dialog", { name: "Save the changes to notes.txt?" });

  await typeAtTop(page, "x");
  await close();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(tab(page, "notes.txt, unsaved")).toBeVisible();
  expect(await contentOf(page, token, project, "notes.txt")).toBe("one\n");

  await close();
  await dialog.getByRole("button", { name: "Don't save" }).click();
  await expect(tab(page, "notes.txt")).toHaveCount(0);
  await row(page, "notes.txt").dblclick();
  await shows(page, "one");
  await expect(editor(page).locator(".view-lines")).not.toContainText("x");
  expect(await contentOf(page, token, project, "notes.txt")).toBe("one\n");

  await typeAtTop(page, "y");
  await close();
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await expect(tab(page, "notes.txt")).toHaveCount(0);
  await expect.poll(() => contentOf(page, token, project, "notes.txt")).toBe("yone\n");
});

test("closing several changed tabs asks once", async ({ page }) => {
  await opened(page, { autoSave: false });
  await typeAtTop(page, "x");
  await row(page, "other.txt").dblclick();
  await shows(page, "two");
  await typeAtTop(page, "y");
  await page.keyboard.press(`${MOD}+Shift+P`);
  await page.getByRole("combobox").fill(">close all");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Save the changes to 2 files?" });
  await expect(dialog.getByRole("listitem")).toHaveText(["notes.txt", "other.txt"]);
  await page.keyboard.press("Escape");
  await expect(tab(page, "unsaved")).toHaveCount(2);
});

test("two tabs of the same file keep the unsaved text of each", async ({ page }) => {
  const { project } = await opened(page, { autoSave: false });
  const other = await page.context().newPage();
  await other.addInitScript(() => localStorage.setItem("engunity.settings", JSON.stringify({ autoSave: false })));
  const tokens = await page.evaluate(() => ["engunity.tokens", "engunity.user"].map((key) => [key, localStorage.getItem(key)!] as const));
  expect(tokens.every(([, value]) => value)).toBe(true);
  await other.goto(`/?project=${project}&file=notes.txt`);
  await shows(other, "one");
  await typeAtTop(page, "of the first tab ");
  await typeAtTop(other, "of the second tab ");
  await Promise.all([page.reload(), other.reload()]);
  await shows(page, "of the first tab one");
  await shows(other, "of the second tab one");
  // What a closed tab leaves behind is found by the next one that has no text of its own.
  await other.close({ runBeforeUnload: true });
  await page.keyboard.press("Alt+W");
  await page.getByRole("button", { name: "Don't save" }).click();
  await row(page, "notes.txt").dblclick();
  await shows(page, "of the second tab one");
});
