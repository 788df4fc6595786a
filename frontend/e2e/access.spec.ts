import AxeBuilder from "@axe-core/playwright";
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Page } from "@playwright/test";
import {
  changeElsewhere,
  consoleSays,
  expect,
  fixture,
  makeProject,
  MOD,
  readScreen,
  row,
  SHOTS,
  shows,
  signedIn,
  status,
  tab,
  test,
  typeAtTop,
} from "./support";

async function axe(page: Page, view: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"])
    // What Monaco draws is its own: line numbers and minimap carry no text that is not in its accessible editor.
    .exclude(".monaco-editor")
    .exclude(".xterm")
    .analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 140)).join(" | ")}`);
  expect.soft(found, `axe in ${view}`).toEqual([]);
}

async function look(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  await page.waitForTimeout(400);
  await page.screenshot({ path: path.join(SHOTS, `${name}.png`) });
  await axe(page, name);
}

for (const theme of ["light", "dark"] as const) {
  test(`every view is accessible and looked at, ${theme}`, async ({ page }) => {
    test.setTimeout(240_000);
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    const shot = (name: string) => look(page, `${name}-${theme}`);
    await page.goto("/");
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    await shot("sign-in");
    await page.getByRole("button", { name: "Create an account" }).click();
    await shot("register");

    const token = await signedIn(page);
    await page.goto("/");
    await expect(page.getByText("Create your first project")).toBeVisible();
    await shot("projects-empty");
    const project = await makeProject(
      page.request,
      token,
      fixture("src/darts.py", "src/broken.py", "tests/test_darts.py", "README.md", "chart.ts"),
    );
    await makeProject(page.request, token, {}, "ledger");
    await page.reload();
    await expect(page.getByRole("link", { name: "ledger" })).toBeVisible();
    await shot("projects");
    await page.getByRole("button", { name: "New project" }).click();
    await shot("new-project");
    await page.keyboard.press("Escape");

    await page.goto(`/?project=${project}&file=src/darts.py`);
    await shows(page, "Estimate pi");
    await page.getByRole("button", { name: "Run darts.py" }).click();
    await expect(page.getByText("Finished", { exact: true })).toBeVisible();
    await expect(page.getByRole("region", { name: "Artifacts" })).toBeVisible();
    await shot("studio");
    await page.getByRole("button", { name: /convergence.csv/ }).click();
    await expect(page.getByRole("columnheader", { name: "pi" })).toBeVisible();
    await shot("artifact");
    await row(page, "broken.py").dblclick();
    await page.getByRole("button", { name: "Run broken.py" }).click();
    await expect(page.getByText("Exit code 1")).toBeVisible();
    await page.getByRole("tab", { name: /^Errors/ }).click();
    await shot("errors");
    await page.getByRole("tab", { name: /^Jobs/ }).click();
    await shot("jobs");
    await page.keyboard.press(`${MOD}+P`);
    await page.getByRole("combobox").fill("dar");
    await shot("palette");
    await page.keyboard.press("Escape");
    await page.keyboard.press(`${MOD}+Shift+P`);
    await shot("commands");
    await page.keyboard.press("Escape");
    await page.keyboard.press(`${MOD}+,`);
    await shot("settings");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Choose what to run" }).click();
    await page.getByRole("menuitem", { name: "Edit configurations…" }).click();
    await shot("configurations");
    await page.keyboard.press("Escape");
    await row(page, "broken.py").click({ button: "right" });
    await shot("menu");
    await page.keyboard.press("Escape");
    await expect(page.getByRole("menu")).toHaveCount(0);
    await typeAtTop(page, "# mine\n");
    await changeElsewhere(page, token, project, "src/broken.py", (content) => `# theirs\n${content}`);
    await page.keyboard.press(`${MOD}+S`);
    await expect(page.getByRole("region", { name: "Merge" })).toBeVisible();
    await shot("merge");
    await page.getByRole("button", { name: "Use both" }).click();
    await page.getByRole("button", { name: "Save merge" }).click();
    await expect(page.getByRole("region", { name: "Merge" })).toHaveCount(0);
    await page.setViewportSize({ width: 375, height: 740 });
    await shot("phone-explorer");
    await row(page, "darts.py").click();
    await expect(page.getByRole("complementary")).toBeHidden();
    await shot("phone");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
  });
}

for (const theme of ["light", "dark"] as const) {
  test(`questions, bytes and formats are accessible and looked at, ${theme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    const shot = (name: string) => look(page, `${name}-${theme}`);
    const token = await signedIn(page);
    const project = await makeProject(page.request, token, fixture("src/darts.py", "src/slow.py", "README.md"));
    await page.addInitScript(() => localStorage.setItem("engunity.settings", JSON.stringify({ autoSave: false })));
    await page.goto(`/?project=${project}&file=README.md`);
    await shows(page, "Estimates");
    const upload = (name: string, buffer: Buffer) =>
      page.getByLabel("Files to upload").setInputFiles({ name, mimeType: "application/octet-stream", buffer });
    await upload("data.bin", Buffer.from(Array.from({ length: 4096 }, (_, n) => (n * n) % 251)));
    await row(page, "data.bin").dblclick();
    await expect(page.getByTestId("hex")).toContainText("00000010");
    await shot("hex");
    await row(page, "README.md").dblclick();
    await page.getByRole("button", { name: "Encoding: UTF-8" }).click();
    await page.getByRole("menuitem", { name: "Save with encoding…" }).click();
    await shot("encodings");
    await page.keyboard.press("Escape");
    await typeAtTop(page, "# mine\n");
    await page.keyboard.press("Alt+W");
    await expect(page.getByRole("dialog", { name: "Save the changes to README.md?" })).toBeVisible();
    await expect(page.getByRole("button", { name: "Save", exact: true })).toBeFocused();
    await shot("question-close");
    await page.getByRole("button", { name: "Cancel" }).click();
    await row(page, "src").click();
    await page
      .getByLabel("Files to upload")
      .setInputFiles(["darts.py", "slow.py"].map((name) => ({ name, mimeType: "text/plain", buffer: Buffer.from("1\n") })));
    await expect(page.getByRole("dialog", { name: "darts.py already exists" })).toBeVisible();
    await shot("question-upload");
  });
}

for (const theme of ["light", "dark"] as const) {
  test(`the views of the side bar are accessible and looked at, ${theme}`, async ({ page }) => {
    test.setTimeout(180_000);
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    const shot = (name: string) => look(page, `${name}-${theme}`);
    const token = await signedIn(page);
    const project = await makeProject(page.request, token, fixture("src/darts.py", "chart.ts", "README.md"));
    await changeElsewhere(page, token, project, "README.md", (content) => `${content}\nThrown a hundred thousand times.\n`);
    // What a search covers while its index is built lasts too short to be looked at.
    const coverage = { files: 900, indexed: 300, chunks: 1000, embedded: 430, skipped: 2 };
    const hit = { project_id: project, path: "src/darts.py", language: "python", start_line: 1, end_line: 1, score: 1 };
    const hits = [{ ...hit, snippet: "import random", snippet_line: 1, highlights: [[7, 13]] }];
    await page.route(/\/search\?/, (route) => route.fulfill({ json: { took_ms: 2, exact: true, coverage, hits } }));
    const skipped = [{ path: "data/dump.sql", why: "larger than 16 MiB" }];
    const index = { state: "building", files: 300, chunks: 1000, embedded: 430, skipped, segments: 2, indexed_at: null };
    await page.route(/\/code\/[^/]+\/index$/, (route) => route.fulfill({ json: index }));

    await page.goto(`/?project=${project}&file=README.md`);
    await shows(page, "Estimates");
    await page.getByRole("tab", { name: "Timeline" }).click();
    await page.getByRole("list", { name: "Versions" }).getByRole("button").last().click();
    await expect(page.getByTestId("diff")).toContainText("Estimates");
    await shot("timeline");
    await page.getByRole("tab", { name: "Explorer" }).click();
    await row(page, "chart.ts").click();
    await page.keyboard.press(`${MOD}+Shift+E`);
    await page.keyboard.press("Delete");
    await page.getByRole("tab", { name: "Trash" }).click();
    await page.getByRole("option").click();
    await shot("trash");
    await page.getByRole("button", { name: "Empty trash" }).click();
    await shot("question-trash");
    await page.keyboard.press("Escape");
    await page.keyboard.press(`${MOD}+Shift+H`);
    await page.getByLabel("Search in files").fill("random");
    await expect(page.getByRole("treeitem", { name: /Line 1/ })).toBeVisible();
    await shot("search");
    await page.getByLabel("Replace with").fill("secrets");
    await page.getByRole("button", { name: "Filter by path and language" }).click();
    await page.getByRole("treeitem", { name: /Line 1/ }).click();
    await shot("replace");
    await page.getByRole("contentinfo").getByRole("button", { name: "Indexing…" }).click();
    await shot("index");
  });
}

test("everything can be done without a mouse", async ({ page }) => {
  await readScreen(page);
  const token = await signedIn(page);
  await makeProject(page.request, token, fixture("src/darts.py", "README.md"));
  await page.goto("/");
  await page.getByRole("link", { name: "darts" }).focus();
  await page.keyboard.press("Enter");
  await expect(row(page, "README.md")).toBeVisible();

  await page.keyboard.press(`${MOD}+Shift+E`);
  await expect(page.getByRole("tree")).toBeFocused();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await expect(row(page, "darts.py")).toBeVisible();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await shows(page, "Estimate pi");

  await page.keyboard.press(`${MOD}+Shift+E`);
  await page.keyboard.press("Shift+F10");
  await expect(page.getByRole("menuitem", { name: "Open to the side" })).toBeFocused();
  await page.keyboard.press("End");
  await expect(page.getByRole("menuitem", { name: "Delete" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("tree")).toBeFocused();
  await page.keyboard.press("Alt+0");

  await page.keyboard.press(`${MOD}+Home`);
  await page.keyboard.type("# typed\n");
  await page.keyboard.press(`${MOD}+S`);
  await status(page, "Saved");
  await page.keyboard.press("F5");
  await consoleSays(page, "100,000 darts");
  await page.keyboard.press("F6");
  await page.keyboard.press("Alt+N");
  await page.getByLabel("Name of the new file").fill("by-keys.txt");
  await page.keyboard.press("Enter");
  await expect(tab(page, "by-keys.txt")).toBeVisible();
  await page.keyboard.press("Alt+W");
  await expect(tab(page, "by-keys.txt")).toHaveCount(0);
  await page.keyboard.press("F1");
  await page.getByRole("combobox").fill(">sign out");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});
