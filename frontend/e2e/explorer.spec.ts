import { droppedArchive, expect, fixture, makeProject, MOD, row, shows, signedIn, tab, test, typeAtEnd } from "./support";

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
  await expect(page.getByRole("region", { name: "Editor group 2" }).getByRole("tab", { name: "slow.py" })).toHaveAttribute(
    "aria-selected",
    "true",
  );
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

test("several files are moved and stay chosen", async ({ page }) => {
  await row(page, "README.md").click();
  await row(page, "chart.ts").click({ modifiers: [MOD] });
  await row(page, "README.md").dragTo(row(page, "src"));
  for (const name of ["README.md", "chart.ts"]) {
    await expect(row(page, name)).toHaveAttribute("aria-level", "2");
    await expect(row(page, name)).toHaveAttribute("aria-selected", "true");
  }
});

test("TypeScript is checked, and its errors are listed", async ({ page }) => {
  await row(page, "chart.ts").dblclick();
  await page.getByRole("tab", { name: /^Errors/ }).click();
  await page.getByRole("button", { name: /not assignable to type 'number'/ }).click();
  await expect(page.getByRole("contentinfo")).toContainText("Ln 10,");
});

test("words come up by themselves in code, not in prose, where they would take the next Enter", async ({ page }) => {
  const suggestions = page.locator(".suggest-widget.visible");
  await row(page, "chart.ts").dblclick();
  await typeAtEnd(page, "\nPoi");
  await expect(suggestions).toBeVisible();
  await page.keyboard.press("Escape");
  await row(page, "README.md").dblclick();
  await shows(page, "Estimates");
  await typeAtEnd(page, "\nEst");
  await page.waitForTimeout(600);
  await expect(suggestions).toBeHidden();
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

test("the choice follows the open file, whoever opened it", async ({ page }) => {
  await row(page, "README.md").dblclick();
  await page.keyboard.press(`${MOD}+P`);
  await page.getByRole("combobox").fill("slow");
  await page.keyboard.press("Enter");
  await expect(row(page, "slow.py")).toHaveAttribute("aria-selected", "true");
  await expect(row(page, "README.md")).toHaveAttribute("aria-selected", "false");
  await tab(page, "README.md").click();
  await expect(row(page, "README.md")).toHaveAttribute("aria-selected", "true");
  await expect(row(page, "slow.py")).toHaveAttribute("aria-selected", "false");
});

test("an archive dropped anywhere is unpacked", async ({ page }) => {
  const data = await droppedArchive(page, "packed/inside.txt", "from the archive\n");
  const header = page.getByRole("banner");
  await header.dispatchEvent("dragenter", { dataTransfer: data });
  await expect(page.getByText("Drop to upload to this project")).toBeVisible();
  await header.dispatchEvent("drop", { dataTransfer: data });
  await row(page, "packed").click();
  await row(page, "inside.txt").dblclick();
  await shows(page, "from the archive");
});

test("an archive dropped on the list becomes a project, without its top folder", async ({ page }) => {
  await page.goto("/");
  const data = await droppedArchive(page, "demo-1.0/inside.py", "print('from the archive')\n");
  const list = page.getByRole("heading", { name: "Projects" });
  await list.dispatchEvent("dragenter", { dataTransfer: data });
  await list.dispatchEvent("drop", { dataTransfer: data });
  await row(page, "inside.py").dblclick();
  await shows(page, "from the archive");
  await page.getByRole("button", { name: "packed", exact: true }).click();
  await expect(page.getByRole("menuitemradio", { name: /packed.*python/ })).toBeVisible();
});

test("a text too long to edit shows how it begins, and what is no text says so", async ({ page }) => {
  const long = Buffer.from(`the very first line\n${"0123456789abcdef".repeat(63)}\n`.repeat(11_000));
  await page.getByLabel("Files to upload").setInputFiles([
    { name: "long.txt", mimeType: "text/plain", buffer: long },
    { name: "bytes.bin", mimeType: "application/octet-stream", buffer: Buffer.from([1, 0, 2, 0, 255]) },
  ]);
  await row(page, "long.txt").dblclick();
  await expect(page.getByText(/too large to edit/)).toBeVisible();
  await expect(page.getByText("the very first line").first()).toBeVisible();
  await row(page, "bytes.bin").dblclick();
  await expect(page.getByText("This is not a text file")).toBeVisible();
});
