import type { Page } from "@playwright/test";
import {
  changeElsewhere,
  consoleSays,
  editor,
  expect,
  MOD,
  PROJECT,
  readScreen,
  row,
  shows,
  someone,
  status,
  tab,
  test,
  typeAtTop,
} from "./support";

test("first visit, register, upload, edit, save, conflict, run, stop, artifact, reload, continue", async ({ page }) => {
  await readScreen(page);
  const account = someone();

  await test.step("register", async () => {
    await page.goto("/");
    await page.getByRole("button", { name: "Create an account" }).click();
    await page.getByLabel("Name").fill(account.name);
    await page.getByLabel("Email").fill(account.email);
    await page.getByLabel("Password").fill(account.password);
    await page.getByRole("button", { name: "Create account" }).click();
    await expect(page.getByRole("heading", { name: "Projects" })).toBeVisible();
  });

  await test.step("upload a folder, without what it ignores", async () => {
    await page.getByLabel("Folder to upload").setInputFiles(PROJECT);
    await expect(page.getByRole("button", { name: "darts", exact: true })).toBeVisible();
    await expect(row(page, "README.md")).toBeVisible();
    await expect(row(page, "debug.log")).toHaveCount(0);
  });

  await test.step("open, edit, save", async () => {
    await row(page, "src").click();
    await row(page, "darts.py").dblclick();
    await shows(page, "Estimate pi by throwing darts");
    await typeAtTop(page, "# first line\n");
    await expect(tab(page, "darts.py, unsaved")).toBeVisible();
    await page.keyboard.press(`${MOD}+S`);
    await expect(tab(page, "darts.py, unsaved")).toHaveCount(0);
    await status(page, "Saved");
  });

  await test.step("a conflict is merged, nothing is overwritten", async () => {
    const token = await page.evaluate(() => JSON.parse(localStorage.getItem("engunity.tokens")!).access as string);
    const project = new URL(page.url()).searchParams.get("project")!;
    await typeAtTop(page, "# mine\n");
    await changeElsewhere(page, token, project, "src/darts.py", (content) => content.replace("# first line", "# theirs"));
    await page.keyboard.press(`${MOD}+S`);
    await expect(page.getByRole("region", { name: "Merge" })).toBeVisible();
    const conflicts = page.getByRole("button", { name: "Use both" });
    if (await conflicts.isVisible()) await conflicts.click();
    await page.getByRole("button", { name: "Save merge" }).click();
    await expect(page.getByRole("region", { name: "Merge" })).toHaveCount(0);
    await shows(page, "# mine");
    await shows(page, "# theirs");
  });

  await test.step("run, with the console and its verdict", async () => {
    await page.getByRole("button", { name: "Run darts.py" }).click();
    await consoleSays(page, "100,000 darts");
    await expect(page.getByText("Finished", { exact: true })).toBeVisible();
  });

  await test.step("preview an artifact", async () => {
    await page
      .getByRole("region", { name: "Artifacts" })
      .getByRole("button", { name: /convergence.csv/ })
      .click();
    await expect(page.getByRole("columnheader", { name: "pi" })).toBeVisible();
    await expect(page.getByRole("cell", { name: "100000" })).toBeVisible();
    await page
      .getByRole("region", { name: "Artifacts" })
      .getByRole("button", { name: /report.html/ })
      .click();
    await expect(page.frameLocator("iframe").getByRole("heading", { name: "Convergence" })).toBeVisible();
  });

  await test.step("stop a run", async () => {
    await row(page, "slow.py").dblclick();
    await page.getByRole("button", { name: "Run slow.py" }).click();
    await consoleSays(page, "tick 1");
    await page.getByRole("tabpanel").getByRole("button", { name: "Stop", exact: true }).click();
    await expect(page.getByRole("tabpanel").getByText("Stopped", { exact: true })).toBeVisible();
  });

  await test.step("an error leads to its line", async () => {
    await row(page, "broken.py").dblclick();
    await page.getByRole("button", { name: "Run broken.py" }).click();
    await expect(page.getByText("Exit code 1")).toBeVisible();
    await page.getByRole("tab", { name: /^Errors/ }).click();
    await page.getByRole("button", { name: /ZeroDivisionError/ }).click();
    await status(page, "Ln 2,");
  });

  await test.step("reload and continue", async () => {
    await page.reload();
    await expect(tab(page, "broken.py")).toHaveAttribute("aria-selected", "true");
    await shows(page, "def halve");
    await page.getByRole("tab", { name: /^Jobs/ }).click();
    await expect(page.getByRole("list", { name: "Jobs" }).getByRole("listitem")).toHaveCount(3);
    await typeAtTop(page, "# still here\n");
    await page.keyboard.press(`${MOD}+S`);
    await status(page, "Saved");
    await expect(editor(page)).toBeVisible();
  });
});

test("a project of every template can be made, renamed, searched, deleted and taken back", async ({ page }) => {
  const { signedIn } = await import("./support");
  await signedIn(page);
  await page.goto("/");
  await page.getByRole("button", { name: "New project" }).first().click();
  const templates = page.getByRole("radiogroup", { name: "Start with" });
  for (const name of ["Python", "JavaScript", "Bash", "C", "Rust", "Go", "Java", "Ruby"]) {
    await expect(templates.getByRole("radio", { name: new RegExp(`^${name}`) }).first()).toBeVisible();
  }
  await page.getByLabel("Name").fill("My tool");
  await templates.getByRole("radio", { name: /^Bash/ }).click();
  await page.getByRole("button", { name: "Create project" }).click();
  await expect(editor(page)).toBeVisible();
  await page.getByRole("button", { name: "All projects" }).click();
  await page.getByRole("button", { name: "Actions for My tool" }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByLabel("Project name").fill("Better tool");
  await page.keyboard.press("Enter");
  await page.getByLabel("Search projects").fill("better");
  await expect(page.getByRole("link", { name: "Better tool" })).toBeVisible();
  await page.getByRole("button", { name: "Actions for Better tool" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await expect(page.getByRole("link", { name: "Better tool" })).toHaveCount(0);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("link", { name: "Better tool" })).toBeVisible();

  await page.getByRole("link", { name: "Better tool" }).click();
  await command(page, "Rename project");
  await page.getByLabel("Project name").fill("Best tool");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Best tool" }).click();
  await command(page, "Delete project");
  await expect(page.getByRole("button", { name: "Undo" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Best tool" })).toHaveCount(0);
});

async function command(page: Page, name: string): Promise<void> {
  await expect(page.getByRole("button", { name: "All projects" })).toBeVisible();
  await page.keyboard.press(`${MOD}+Shift+P`);
  await page.getByRole("combobox").fill(`>${name}`);
  await page.keyboard.press("Enter");
}
