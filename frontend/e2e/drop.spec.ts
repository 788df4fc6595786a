import { boxOf, editor, expect, makeProject, row, shows, signedIn, tab, test } from "./support";

const FILES = { "main.go": "package main\n", "go/bad.go": "package bad\n" };

test("a file dragged from the explorer onto the editor is opened, and no text is inserted", async ({ page }) => {
  const token = await signedIn(page);
  const project = await makeProject(page.request, token, FILES);
  await page.goto(`/?project=${project}&file=main.go`);
  await shows(page, "package main");
  await row(page, "go").click();
  await row(page, "bad.go").dragTo(editor(page));
  await expect(tab(page, "bad.go")).toHaveAttribute("aria-selected", "true");
  await shows(page, "package bad");
  await tab(page, "main.go").click();
  await expect(editor(page).locator(".view-lines")).not.toContainText("bad.go");
  await expect(page.getByRole("status", { name: "File: Saved" })).toBeVisible();
});

test("text dragged from elsewhere is inserted as it is", async ({ page }) => {
  const token = await signedIn(page);
  const project = await makeProject(page.request, token, FILES);
  await page.goto(`/?project=${project}&file=main.go`);
  await shows(page, "package main");
  const data = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.setData("text/plain", "// costs ${1} $0\n");
    return transfer;
  });
  const line = editor(page).locator(".view-line").first();
  const box = await boxOf(line);
  for (const type of ["dragover", "drop"])
    await line.dispatchEvent(type, { dataTransfer: data, clientX: box.x + 1, clientY: box.y + box.height / 2 });
  await shows(page, "// costs ${1} $0");
  await expect(editor(page).locator(".view-lines")).not.toContainText("$0$0");
});
