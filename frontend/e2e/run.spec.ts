import { consoleSays, expect, makeProject, readScreen, row, shows, signedIn, status, tab, test } from "./support";

const PROGRAMS = {
  "memory.py": "held = []\nwhile True:\n    held.append(bytearray(16 << 20))\n",
  "chatty.py": "while True:\n    print('x' * 100)\n",
  "colours.py": "print('\\033[31mred\\033[0m')\nprint('see lib/helper.py:2')\n",
  "lib/helper.py": "def help():\n    return 42\n",
  "wait.py": "import time\ntime.sleep(60)\n",
  "ask.py":
    "import os, sys, time\nname = input('name? ')\nprint('hello', name, os.isatty(1))\ntry:\n    while True: time.sleep(0.05)\nexcept KeyboardInterrupt:\n    print('interrupted')\nprint(repr(sys.stdin.read()), os.get_terminal_size().columns > 80)\n",
};

let project: string;
let headers: Record<string, string>;
test.beforeEach(async ({ page }) => {
  await readScreen(page);
  const token = await signedIn(page);
  headers = { Authorization: `Bearer ${token}` };
  project = await makeProject(page.request, token, PROGRAMS);
  await page.goto(`/?project=${project}`);
  await expect(row(page, "memory.py")).toBeVisible();
});

test("why a run ended is told with the evidence, and it can run again", async ({ page }) => {
  await row(page, "memory.py").dblclick();
  await page.getByRole("button", { name: "Run memory.py" }).click();
  await expect(page.getByText("Out of memory", { exact: true })).toBeVisible();
  await expect(page.getByText(/oom_kill=\d+, peak \d+\/\d+ MiB/)).toBeVisible();
  await row(page, "chatty.py").dblclick();
  await page.getByRole("button", { name: "Run chatty.py" }).click();
  await expect(page.getByText("Output limit reached", { exact: true })).toBeVisible();
  await expect(page.getByText(/more than \d+ KiB of output/)).toBeVisible();
  await page.request.post(`/api/v1/code/${project}/runs`, { headers, data: { entry: "wait.py", limits: { wall_s: 1 } } });
  await page.getByRole("tab", { name: /^Jobs/ }).click();
  const jobs = page.getByRole("list", { name: "Jobs" });
  await jobs.getByRole("button", { name: /wait.py.*Time limit reached/ }).click();
  await expect(page.getByText(/of 1 s wall time/)).toBeVisible();
  await page.getByRole("tab", { name: /^Jobs/ }).click();
  await jobs.getByRole("button", { name: /^Run python3 memory.py again/ }).click();
  await expect(page.getByText("Out of memory", { exact: true })).toBeVisible();
});

test("a place in the output leads to the file's line", async ({ page }) => {
  await row(page, "colours.py").dblclick();
  await page.getByRole("button", { name: "Run colours.py" }).click();
  await consoleSays(page, "see lib/helper.py:2");
  const box = (await page.getByTestId("console").boundingBox())!;
  // The second line, in the middle of the link: xterm draws it on a canvas.
  const place = { x: box.x + 90, y: box.y + 42 };
  await page.mouse.move(place.x, place.y);
  await page.mouse.click(place.x, place.y);
  await expect(tab(page, "helper.py")).toHaveAttribute("aria-selected", "true");
  await shows(page, "return 42");
  await status(page, "Ln 2,");
});

test("what waits says its place in the line and why", async ({ page }) => {
  const slots = (await (await page.request.get("/api/v1/workers", { headers })).json()).reduce(
    (sum: number, worker: { slots: number }) => sum + worker.slots,
    0,
  );
  const jobs: string[] = [];
  for (let n = 0; n < slots + 3; n++) {
    const answer = await page.request.post(`/api/v1/code/${project}/runs`, { headers, data: { entry: "wait.py" } });
    jobs.push((await answer.json()).id);
  }
  await page.getByRole("tab", { name: /^Jobs/ }).click();
  await expect(page.getByText(/Number \d+ in line · .+/).first()).toBeVisible();
  await status(page, /\d+ running · \d+ waiting/);
  for (const id of jobs) await page.request.post(`/api/v1/jobs/${id}/cancel`, { headers });
  await expect(page.getByText("Stopped", { exact: true })).toHaveCount(jobs.length);
  await status(page, "Queue empty");
});

test("what is typed into the console reaches the program", async ({ page }) => {
  await row(page, "ask.py").dblclick();
  await page.getByRole("button", { name: "Run ask.py" }).click();
  await consoleSays(page, "name?");
  await page.getByTestId("console").click();
  await page.keyboard.type("Ada");
  await page.keyboard.press("Enter");
  await consoleSays(page, "hello Ada True");
  await page.keyboard.press("Control+c");
  await consoleSays(page, "interrupted");
  await page.keyboard.type("rest");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Control+d");
  await consoleSays(page, "'rest\\n' True");
});
