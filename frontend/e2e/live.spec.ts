import type { Page } from "@playwright/test";
import {
  another,
  consoleSays,
  editor,
  expect,
  fixture,
  makeProject,
  mayRestart,
  MOD,
  readScreen,
  restartCoordinator,
  row,
  shows,
  signedIn,
  someone,
  status,
  tab,
  test,
  typeAtTop,
  watch,
} from "./support";

const TICKS = "import time\nfor n in range(1, 7):\n    print(f'tick {n} of 6', flush=True)\n    time.sleep(0.9)\n";
const EVERY_TICK = new RegExp(Array.from({ length: 6 }, (_, n) => `tick ${n + 1} of 6`).join("\\s*"));

test("two tabs see each other's saves, jobs and presence", async ({ page, browser, baseURL }) => {
  await readScreen(page);
  const account = someone("Grace Hopper");
  const token = await signedIn(page, account);
  const project = await makeProject(page.request, token, fixture("src/darts.py"));
  await page.goto(`/?project=${project}&file=src/darts.py`);
  await shows(page, "Estimate pi");

  const second = await another(browser, baseURL!);
  const faults = watch(second.context(), baseURL!);
  await second.goto("/");
  await second.getByLabel("Email").fill(account.email);
  await second.getByLabel("Password").fill(account.password);
  await second.getByRole("button", { name: "Sign in" }).click();
  await second.getByRole("link", { name: "darts" }).click();
  await row(second, "src").click();
  await row(second, "darts.py").dblclick();
  await shows(second, "Estimate pi");
  await expect(page.getByRole("group", { name: "Also here" }).getByRole("img", { name: "Grace Hopper" })).toBeVisible();

  await typeAtTop(page, "# from the first tab\n");
  await page.keyboard.press(`${MOD}+S`);
  await shows(second, "# from the first tab");

  await page.getByRole("button", { name: "Run darts.py" }).click();
  await second.getByRole("tab", { name: /^Jobs/ }).click();
  await expect(second.getByRole("list", { name: "Jobs" }).getByRole("listitem")).toHaveCount(1);
  await second.getByRole("list", { name: "Jobs" }).getByRole("button").first().click();
  await consoleSays(page, "100,000 darts");
  await expect(second.getByText("Finished", { exact: true })).toBeVisible();
  expect(faults()).toEqual([]);
  await second.context().close();
});

test("another account sees nothing of it", async ({ page, browser, baseURL }) => {
  const token = await signedIn(page);
  const project = await makeProject(page.request, token, { "a.txt": "private" });
  const stranger = await another(browser, baseURL!);
  await signedIn(stranger, someone("Mallory"));
  await stranger.goto(`/?project=${project}`);
  await expect(stranger.getByText("This project does not exist any more")).toBeVisible();
  await expect(stranger.getByRole("heading", { name: "Projects" })).toBeVisible();
  await stranger.context().close();
});

test("offline edits are kept and sent when the network is back", async ({ page, context }) => {
  const token = await signedIn(page);
  const project = await makeProject(page.request, token, { "notes.txt": "one\n" });
  await page.goto(`/?project=${project}&file=notes.txt`);
  await shows(page, "one");
  await status(page, "Connected");
  await context.setOffline(true);
  await typeAtTop(page, "written on a train\n");
  await page.keyboard.press(`${MOD}+S`);
  await status(page, "Saved in this browser until you are online");
  await context.setOffline(false);
  await expect(page.getByRole("status", { name: "File: Saved" })).toBeVisible({ timeout: 30_000 });
  const headers = { Authorization: `Bearer ${token}` };
  const list = await (await page.request.get(`/api/v1/code/${project}/files`, { headers })).json();
  const file = await (await page.request.get(`/api/v1/code/files/${list[0].id}`, { headers })).json();
  expect(file.content).toBe("written on a train\none\n");
});

test("what was written offline is sent although the page was closed meanwhile", async ({ page, context }) => {
  const token = await signedIn(page);
  const project = await makeProject(page.request, token, { "notes.txt": "one\n" });
  await page.goto(`/?project=${project}&file=notes.txt`);
  await shows(page, "one");
  await status(page, "Connected");
  await page.waitForLoadState("networkidle"); // Monaco's worker comes late
  await context.setOffline(true);
  await typeAtTop(page, "written on a train\n");
  await status(page, "Saved in this browser until you are online");
  await page.close();
  await context.setOffline(false);
  const later = await context.newPage();
  await later.goto(`/?project=${project}&file=notes.txt`);
  await shows(later, "written on a train");
  await expect(later.getByRole("status", { name: "File: Saved" })).toBeVisible();
});

test("unsaved text survives a reload", async ({ page, context }) => {
  const token = await signedIn(page);
  const project = await makeProject(page.request, token, { "notes.txt": "one\n" });
  await page.addInitScript(() => localStorage.setItem("engunity.settings", JSON.stringify({ autoSave: false })));
  await page.goto(`/?project=${project}&file=notes.txt`);
  await shows(page, "one");
  await typeAtTop(page, "not saved yet\n");
  await expect(tab(page, "notes.txt, unsaved")).toBeVisible();
  await page.waitForTimeout(800);
  await page.reload();
  await shows(page, "not saved yet");
  await expect(context.pages()).toHaveLength(1);
  await expect(editor(page)).toBeVisible();
});

/** A file with unsaved text that somebody else deletes. */
async function deletedElsewhere(page: Page): Promise<void> {
  const token = await signedIn(page);
  const project = await makeProject(page.request, token, { "notes.txt": "one\n" });
  await page.addInitScript(() => localStorage.setItem("engunity.settings", JSON.stringify({ autoSave: false })));
  await page.goto(`/?project=${project}&file=notes.txt`);
  await shows(page, "one");
  await status(page, "Connected");
  await typeAtTop(page, "mine\n");
  const headers = { Authorization: `Bearer ${token}` };
  const [entry] = await (await page.request.get(`/api/v1/code/${project}/files`, { headers })).json();
  await page.request.delete(`/api/v1/code/files/${entry.id}`, { headers });
  await status(page, "Deleted on the server");
}

test("what was written into a file that somebody else deleted survives a reload", async ({ page }) => {
  await deletedElsewhere(page);
  await expect(tab(page, "notes.txt, unsaved")).toBeVisible();
  await typeAtTop(page, "later ");
  await page.waitForTimeout(800);
  await page.reload();
  await page.getByRole("button", { name: "Create again" }).click();
  await shows(page, "later mine");
  await status(page, "Saved");
  await expect(tab(page, "notes.txt")).toHaveCount(1);
});

test("saving makes a file again that was deleted elsewhere", async ({ page }) => {
  await deletedElsewhere(page);
  await page.keyboard.press(`${MOD}+S`);
  await expect(row(page, "notes.txt")).toBeVisible();
  await status(page, "Saved");
  await shows(page, "mine");
  await expect(tab(page, "notes.txt")).toHaveCount(1);
});

test("auto-save comes by itself", async ({ page }) => {
  const token = await signedIn(page);
  const project = await makeProject(page.request, token, { "notes.txt": "one\n" });
  await page.goto(`/?project=${project}&file=notes.txt`);
  await shows(page, "one");
  await typeAtTop(page, "x\n");
  await expect(page.getByRole("status", { name: "File: Unsaved" })).toBeVisible();
  await expect(page.getByRole("status", { name: "File: Saved" })).toBeVisible({ timeout: 15_000 });
});

test("a coordinator that restarts in the middle of a run costs no line and no letter", async ({ page, baseURL }) => {
  test.skip(!mayRestart(baseURL!), "the coordinator is not ours to restart");
  await readScreen(page);
  const token = await signedIn(page);
  const project = await makeProject(page.request, token, { "ticks.py": TICKS, "notes.txt": "one\n" });
  await page.goto(`/?project=${project}&file=ticks.py`);
  await shows(page, "import time");
  await page.getByRole("button", { name: "Run ticks.py" }).click();
  await consoleSays(page, "tick 2 of 6");

  await row(page, "notes.txt").dblclick();
  await shows(page, "one");
  const back = restartCoordinator(baseURL!, 1500);
  await expect(page.getByRole("status", { name: "Connection: Reconnecting…" })).toBeVisible();
  await typeAtTop(page, "written meanwhile\n");
  await page.keyboard.press(`${MOD}+S`);
  await back;

  await expect(page.getByRole("status", { name: "Connection: Connected" })).toBeVisible({ timeout: 30_000 });
  await consoleSays(page, EVERY_TICK);
  await expect(page.getByText("Finished", { exact: true })).toBeVisible();
  await expect(page.getByRole("status", { name: "File: Saved" })).toBeVisible({ timeout: 30_000 });
  await page.reload();
  await shows(page, "written meanwhile");
});

test("without WebSockets runs still stream, and what others change is asked for", async ({ page }) => {
  await readScreen(page);
  await page.routeWebSocket(/\/session\?/, (socket) => void socket.close({ code: 1011 }));
  const token = await signedIn(page);
  const project = await makeProject(page.request, token, { "ticks.py": TICKS });
  await page.goto(`/?project=${project}&file=ticks.py`);
  await expect(page.getByRole("status", { name: "Connection: No live connection" })).toBeVisible();
  await page.getByRole("button", { name: "Run ticks.py" }).click();
  await expect(page.getByText("Running", { exact: true })).toBeVisible();
  await consoleSays(page, "tick 3 of 6");
  await consoleSays(page, EVERY_TICK);
  await expect(page.getByText("Finished", { exact: true })).toBeVisible();
  const headers = { Authorization: `Bearer ${token}` };
  await page.request.post(`/api/v1/code/${project}/files`, { headers, data: { path: "from-elsewhere.txt", type: "file", content: "" } });
  await expect(row(page, "from-elsewhere.txt")).toBeVisible({ timeout: 25_000 });
});

test("of a flood of output the last line is on the screen", async ({ page }) => {
  await readScreen(page);
  const token = await signedIn(page);
  const project = await makeProject(page.request, token, { "notes.txt": "one\n" });
  await page.goto(`/?project=${project}`);
  await expect(row(page, "notes.txt")).toBeVisible();
  const headers = { Authorization: `Bearer ${token}` };
  const command = "yes 'a line of the flood' | head -c 30000000; sleep 1; echo the very end";
  const answer = await page.request.post(`/api/v1/code/${project}/runs`, {
    headers,
    data: { command, runtime: "bash", limits: { output_kb: 40_000 } },
  });
  expect(answer.status()).toBe(202);
  await page.getByRole("tab", { name: /^Jobs/ }).click();
  await page.getByRole("list", { name: "Jobs" }).getByRole("button").first().click();
  await expect(page.getByText("Finished", { exact: true })).toBeVisible({ timeout: 60_000 });
  await consoleSays(page, "the very end");
});
