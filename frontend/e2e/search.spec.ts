import type { Page } from "@playwright/test";
import { contentOf, editor, expect, makeProject, MOD, row, shows, signedIn, tab, test, typeAtTop } from "./support";

const FILES = {
  "src/engine.py": "class Engine:\n    def start(self):\n        return self.fuel > 0\n\n\ndef refuel(engine):\n    engine.fuel = 9\n",
  "src/main.py": "from engine import Engine\n\nengine = Engine()\nengine.start()\n",
  "docs/guide.md": "# Guide\n\nThe engine starts with fuel.\n",
};

let token = "";
let project = "";
test.beforeEach(async ({ page }) => {
  token = await signedIn(page);
  project = await makeProject(page.request, token, FILES);
});

const query = (page: Page) => page.getByLabel("Search in files");
const results = (page: Page) => page.getByRole("tree", { name: "Search results" });
const lines = (page: Page) => results(page).getByRole("treeitem", { level: 2 });

async function open(page: Page): Promise<void> {
  await page.goto(`/?project=${project}`);
  await expect(row(page, "src")).toBeVisible();
  await page.keyboard.press(`${MOD}+Shift+F`);
  await expect(query(page)).toBeFocused();
}

const mode = (page: Page, name: string) => page.getByRole("radio", { name }).click();

test("text and regular expressions are found exactly, grouped by file, and open at their place", async ({ page }) => {
  await open(page);
  await query(page).fill("fuel");
  await expect(results(page).getByRole("treeitem", { name: /engine\.py, 3 results/ })).toBeVisible();
  await expect(results(page).getByRole("treeitem", { name: /guide\.md, 1 results/ })).toBeVisible();
  await expect(lines(page).first().locator("mark")).toHaveText(["fuel"]);
  await lines(page).filter({ hasText: "return self.fuel" }).click();
  await shows(page, "class Engine");
  await expect(page.getByRole("contentinfo")).toContainText("Ln 3, Col 25 (4 selected)");

  await mode(page, "Regex");
  await query(page).fill(String.raw`def \w+\(`);
  await expect(lines(page)).toHaveCount(2);
  await query(page).fill("def (");
  await expect(page.getByRole("tabpanel", { name: "Search" }).getByRole("alert")).not.toBeEmpty();
  await expect(page.getByText("This can't be searched for")).toBeVisible();
});

test("case, path and language narrow a search", async ({ page }) => {
  await open(page);
  await query(page).fill("engine");
  await expect(page.getByText(/results in 3 files/)).toBeVisible();
  await page.getByRole("button", { name: "Match case" }).click();
  await query(page).fill("Engine");
  await expect(page.getByText(/results in 2 files/)).toBeVisible();
  await page.getByRole("button", { name: "Match case" }).click();
  await page.getByRole("button", { name: "Filter by path and language" }).click();
  await page.getByLabel("Paths to search").fill("docs/**");
  await expect(page.getByText(/in 1 file$/)).toBeVisible();
  await page.getByLabel("Paths to search").fill("");
  await page.getByLabel("Language", { exact: true }).selectOption({ label: "Python" });
  await expect(page.getByText(/in 2 files$/)).toBeVisible();
});

test("results are walked by keys", async ({ page }) => {
  await open(page);
  await query(page).fill("refuel");
  await expect(lines(page)).toHaveCount(1);
  await query(page).press("ArrowDown");
  await expect(results(page)).toBeFocused();
  await page.keyboard.press("ArrowLeft");
  await expect(lines(page)).toHaveCount(0);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await shows(page, "class Engine");
  await expect(editor(page).locator("textarea, .native-edit-context").first()).toBeFocused();
  await expect(page.getByRole("contentinfo")).toContainText("Ln 6, Col 11 (6 selected)");
});

test("what is typed and not saved is found", async ({ page }) => {
  await page.addInitScript(() => localStorage.setItem("engunity.settings", JSON.stringify({ autoSave: false })));
  await page.goto(`/?project=${project}&file=src/main.py`);
  await shows(page, "from engine");
  await typeAtTop(page, "# turbocharger\n");
  await page.keyboard.press(`${MOD}+Shift+F`);
  await query(page).fill("turbocharger");
  await expect(lines(page)).toHaveCount(1);
});

test("a replacement shows what becomes of each hit, is applied to open and closed files, and undone", async ({ page }) => {
  await page.goto(`/?project=${project}&file=src/main.py`);
  await shows(page, "from engine");
  await page.keyboard.press(`${MOD}+Shift+H`);
  await mode(page, "Regex");
  await query(page).fill(String.raw`(\w*)fuel`);
  await page.getByLabel("Replace with").fill("$1power");
  await expect(lines(page).filter({ hasText: "def " }).locator("del")).toHaveText("refuel");
  await expect(lines(page).filter({ hasText: "def " }).locator("ins")).toHaveText("repower");
  await lines(page).filter({ hasText: "def " }).click();
  const preview = page.getByRole("region", { name: "Replacement in engine.py" });
  await expect(preview).toContainText("3 replacements");
  await expect(preview.getByTestId("diff")).toContainText("repower");
  await page.getByRole("button", { name: "Replace all" }).click();
  await page
    .getByRole("dialog", { name: /Replace 4 occurrences in 2 files/ })
    .getByRole("button", { name: "Replace all" })
    .click();
  await expect(page.getByText("Replaced 4 occurrences in 2 files")).toBeVisible();
  expect(await contentOf(page, token, project, "src/engine.py")).toBe(FILES["src/engine.py"].replaceAll("fuel", "power"));
  expect(await contentOf(page, token, project, "docs/guide.md")).toContain("starts with power");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("Undone in 2 files")).toBeVisible();
  expect(await contentOf(page, token, project, "src/engine.py")).toBe(FILES["src/engine.py"]);
  expect(await contentOf(page, token, project, "docs/guide.md")).toBe(FILES["docs/guide.md"]);
});

test("a replacement never overwrites what somebody else has changed", async ({ page }) => {
  await open(page);
  await query(page).fill("starts with fuel");
  await expect(lines(page)).toHaveCount(1);
  await page.getByRole("button", { name: "Replace", exact: true }).click();
  await page.getByLabel("Replace with").fill("needs oil");
  // The page learns nothing of the change: its own read comes before it, its save after it.
  await page.route("**/code/files/*", async (route) => {
    if (route.request().method() === "PATCH") {
      const headers = { Authorization: `Bearer ${token}` };
      await page.request.patch(route.request().url(), { headers, data: { content: "rewritten\n" } });
    }
    await route.continue();
  });
  await page.getByRole("button", { name: "Replace all" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Replace all" }).click();
  await expect(page.getByText("guide.md could not be replaced in")).toBeVisible();
  expect(await contentOf(page, token, project, "docs/guide.md")).toBe("rewritten\n");
});

test("symbols are found in the view and in the palette, paths in spite of a typing error", async ({ page }) => {
  await open(page);
  await mode(page, "Symbol");
  await query(page).fill("refuel");
  await expect(lines(page).first()).toContainText("refuel");
  await page.keyboard.press("Alt+T");
  await page.getByRole("combobox", { name: "Type the name of a symbol" }).fill("#refuel");
  await expect(page.getByRole("option", { name: /refuel/ }).first()).toContainText("src/engine.py:6");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("contentinfo")).toContainText("Ln 6,");
  await page.keyboard.press(`${MOD}+P`);
  await page.getByRole("combobox").fill("enginr");
  await expect(page.getByRole("option", { name: /engine\.py/ })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(tab(page, "engine.py")).toHaveAttribute("aria-selected", "true");
});

test("the list of files has to do where the server does not search", async ({ page }) => {
  await page.route(/\/search\?/, (route) =>
    route.fulfill({
      status: 503,
      contentType: "application/problem+json",
      json: {
        type: "about:blank",
        title: "Not configured",
        status: 503,
        code: "not_configured",
        detail: "no worker of this fleet searches",
      },
    }),
  );
  await open(page);
  await query(page).fill("fuel");
  await expect(page.getByText("Search is not set up")).toBeVisible();
  await expect(page.getByText("No worker of this fleet searches")).toBeVisible();
  await page.keyboard.press(`${MOD}+P`);
  await page.getByRole("combobox").fill("guide");
  await page.keyboard.press("Enter");
  await shows(page, "# Guide");
});

test("partial coverage is said, and the index is one click away with what it leaves out", async ({ page }) => {
  await page.route(/\/search\?/, (route) =>
    route.fulfill({
      json: { took_ms: 2, exact: false, hits: [], coverage: { files: 900, indexed: 300, chunks: 1000, embedded: 0, skipped: 2 } },
    }),
  );
  const skipped = [{ path: "data/dump.sql", why: "larger than 16 MiB" }];
  const index = { state: "building", files: 300, chunks: 1000, embedded: 250, skipped, segments: 2, indexed_at: null, pending: 600 };
  await page.route(/\/code\/[^/]+\/index$/, (route) => route.fulfill({ json: index }));
  await open(page);
  await query(page).fill("fuel");
  await page.getByRole("button", { name: "300 of 900 files searched: the index is being built." }).click();
  const dialog = page.getByRole("dialog", { name: "Search index" });
  await expect(dialog.getByRole("progressbar", { name: /by meaning/ })).toHaveAttribute("aria-valuenow", "25");
  await expect(dialog).toContainText("600 files changed since");
  await expect(dialog.getByRole("listitem")).toHaveText(["data/dump.sqllarger than 16 MiB"]);
  await page.keyboard.press("Escape");
  await page.getByRole("contentinfo").getByRole("button", { name: "Indexing…" }).click();
  await expect(dialog).toBeVisible();
});
