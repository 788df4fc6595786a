import { expect, fixture, makeProject, MOD, row, shows, signedIn, tab, test } from "./support";

test.beforeEach(async ({ page }) => {
  const token = await signedIn(page);
  const project = await makeProject(page.request, token, fixture("src/darts.py", "src/slow.py", "README.md", "chart.ts"));
  await page.goto(`/?project=${project}`);
  await expect(row(page, "README.md")).toBeVisible();
});

test("files are made, renamed, moved, deleted and taken back", async ({ page }) => {
  await page.getByRole("complementary").getByRole("button", { name: "New file" }).click();
  await page.getByLabel("Name of the new file").fill("docs/guide.md");
  await page.keyboard.press("Enter");
  await expect(row(page, "guide.md")).toBeVisible();
  await expect(tab(page, "guide.md")).toBeVisible();

  await row(page, "guide.md").click();
  await page.keyboard.press("F2");
  await page.getByLabel("New name").fill("manual.md");
  await page.keyboard.press("Enter");
  await expect(tab(page, "manual.md")).toBeVisible();

  await row(page, "manual.md").dragTo(row(page, "src"));
  await expect(row(page, "manual.md")).toHaveAttribute("aria-level", "2");
  await expect(page.getByRole("navigation", { name: "Breadcrumbs" })).toContainText("src");

  await row(page, "manual.md").click();
  await row(page, "README.md").click({ modifiers: ["ControlOrMeta"] });
  await page.keyboard.press("Delete");
  await expect(page.getByText("Deleted 2 items")).toBeVisible();
  await expect(row(page, "README.md")).toHaveCount(0);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(row(page, "README.md")).toBeVisible();
});

test("a name that is taken is refused in words", async ({ page }) => {
  await page.getByRole("complementary").getByRole("button", { name: "New file" }).click();
  await page.getByLabel("Name of the new file").fill("README.md");
  await expect(page.getByRole("alert").filter({ hasText: "already exists" })).toBeVisible();
  await page.keyboard.press("Escape");
});

test("tabs: preview, pin, reorder by keys, split, close with the middle button, reopen", async ({ page }) => {
  await row(page, "README.md").click();
  await shows(page, "Estimates pi.");
  await row(page, "chart.ts").click();
  await expect(tab(page, "README.md")).toHaveCount(0);
  await tab(page, "chart.ts").dblclick();
  await row(page, "README.md").click();
  await expect(tab(page, "chart.ts")).toBeVisible();
  await tab(page, "chart.ts").click({ button: "middle" });
  await expect(tab(page, "chart.ts")).toHaveCount(0);
  await page.keyboard.press("Alt+Shift+W");
  await expect(tab(page, "chart.ts")).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press(`${MOD}+\\`);
  await expect(page.getByRole("region", { name: /Editor group/ })).toHaveCount(2);
  // What is opened next goes to the new group.
  await page.keyboard.press(`${MOD}+P`);
  await page.getByRole("combobox").fill("slow");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "Editor group 2" }).getByRole("tab", { name: "slow.py" })).toHaveAttribute("aria-selected", "true");
});

test("tabs change places by dragging and by keys", async ({ page }) => {
  await row(page, "README.md").dblclick();
  await row(page, "chart.ts").dblclick();
  const order = () => page.getByRole("tablist", { name: "Open files" }).getByRole("tab").allInnerTexts();
  await expect.poll(order).toEqual(["README.md", "chart.ts"]);
  await tab(page, "chart.ts").dragTo(tab(page, "README.md"), { targetPosition: { x: 4, y: 10 } });
  await expect.poll(order).toEqual(["chart.ts", "README.md"]);
  await page.keyboard.press("Alt+Shift+PageDown");
  await expect.poll(order).toEqual(["README.md", "chart.ts"]);
});

test("a file is moved without dragging it", async ({ page }) => {
  await row(page, "README.md").click();
  await page.keyboard.press(`${MOD}+Shift+E`);
  await page.keyboard.press(`${MOD}+X`);
  await page.keyboard.press("Home");
  await page.keyboard.press(`${MOD}+V`);
  await expect(row(page, "README.md")).toHaveAttribute("aria-level", "2");
});

test("TypeScript is checked, and its errors are listed", async ({ page }) => {
  await row(page, "chart.ts").dblclick();
  await page.getByRole("tab", { name: /^Errors/ }).click();
  await page.getByRole("button", { name: /not assignable to type 'number'/ }).click();
  await expect(page.getByRole("contentinfo")).toContainText("Ln 10,");
});

test("the palette finds files and commands", async ({ page }) => {
  await page.keyboard.press(`${MOD}+P`);
  await page.getByRole("combobox").fill("slw:3");
  await expect(page.getByRole("option", { name: /slow.py/ })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("contentinfo")).toContainText("Ln 3,");
  await page.keyboard.press(`${MOD}+Shift+P`);
  await page.getByRole("combobox").fill(">toggle panel");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "Panel" })).toHaveCount(0);
});

test("desktop files dropped on a folder go there", async ({ page }) => {
  const data = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["dropped"], "dropped.txt", { type: "text/plain" }));
    return transfer;
  });
  await row(page, "src").dispatchEvent("dragover", { dataTransfer: data });
  await row(page, "src").dispatchEvent("drop", { dataTransfer: data });
  await expect(row(page, "dropped.txt")).toHaveAttribute("aria-level", "2");
});
