// A person at work, for minutes: what stays on the heap after a collection should not grow.
import { openFile } from "./lib.mjs";

/** Rounds before the first look: Monaco, its languages and the compiler's caches are made once. */
const WARM_UP = 12;
/** So many rounds of reading and writing to one run. */
const ROUNDS_PER_RUN = 4;
const LOOK_MS = 300_000;
/**
 * Interpreted: machine code that V8 makes of what is used often lies on the same heap, megabytes of it, for hundreds of rounds.
 * It is the browser's, and would hide what is ours.
 */
const INTERPRETED = "--js-flags=--no-opt --no-maglev --no-sparkplug";

export async function memory({ launch, base, account, project, report, minutes }) {
  const browser = await launch([INTERPRETED]);
  try {
    const context = await browser.newContext({ baseURL: base, viewport: { width: 1440, height: 900 } });
    await context.addInitScript(account.signsIn, account.credentials);
    const page = await context.newPage();
    await page.goto(`/?project=${project}&file=main.py`);
    await page.getByTestId("code").locator(".view-line").first().waitFor();
    await watch(page, report, minutes);
  } finally {
    await browser.close();
  }
}

async function watch(page, report, minutes) {
  const devtools = await page.context().newCDPSession(page);
  for (let n = 0; n < WARM_UP; n++) await round(page, n);
  const before = await look(page, devtools);
  const course = [before.heap];
  const end = Date.now() + minutes * 60_000;
  let rounds = 0;
  for (let next = Date.now() + LOOK_MS; Date.now() < end; rounds++) {
    await round(page, rounds);
    if (Date.now() < next) continue;
    next += LOOK_MS;
    course.push((await look(page, devtools)).heap);
    console.error(`  heap after ${rounds} rounds: ${course.at(-1).toFixed(1)} MB`);
  }
  const after = await look(page, devtools);
  course.push(after.heap);
  tell(report, { before, after, course, rounds, minutes });
}

function tell(report, { before, after, course, rounds, minutes }) {
  const grew = Math.round(((after.heap - before.heap) / before.heap) * 1000) / 10;
  report.add(`heap after ${WARM_UP} rounds of use, to warm up`, before.heap.toFixed(1), "MB");
  report.add(`heap after ${minutes} min and ${rounds} rounds more`, after.heap.toFixed(1), "MB");
  report.add("heap growth, but for compiled code", grew, "%", { limit: 10 });
  report.add("DOM nodes and listeners, growth", `${after.nodes - before.nodes} and ${after.listeners - before.listeners}`, "");
  if (course.length > 3) report.add("… heap, a look every 5 min", course.map((size) => size.toFixed(1)).join(" "), "MB");
}

async function look(page, devtools) {
  for (let n = 0; n < 3; n++) {
    await devtools.send("HeapProfiler.collectGarbage");
    await page.waitForTimeout(300);
  }
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  const { nodes, jsEventListeners } = await devtools.send("Memory.getDOMCounters");
  return { heap: usedSize / 1e6, nodes, listeners: jsEventListeners };
}

/** Opens a long file, writes into it, takes it back, closes it, goes to another; now and then runs that and looks at the jobs. */
async function round(page, n) {
  await openFile(page, "large.py");
  await page.getByTestId("code").locator(".view-lines").click();
  await page.keyboard.type("abc", { delay: 30 });
  for (let back = 0; back < 3; back++) await page.keyboard.press("Control+Z");
  await page.keyboard.press("Alt+W");
  await openFile(page, "main.py");
  if (n % ROUNDS_PER_RUN === 0) await run(page);
}

async function run(page) {
  await Promise.all([page.waitForResponse((answer) => answer.request().method() === "POST" && answer.url().endsWith("/runs")), page.keyboard.press("F5")]);
  await page.waitForTimeout(200);
  await page.getByRole("tabpanel").getByRole("status").filter({ hasText: "Finished" }).waitFor();
  await page.getByRole("tab", { name: /^Jobs/ }).click();
  await page.getByRole("list", { name: "Jobs" }).getByRole("listitem").first().waitFor();
  await page.getByRole("tab", { name: "Console" }).click();
}
