// A program writes 100 MB while a person types.
import { percentile, probe } from "./lib.mjs";
import { pause, quietBrowser } from "./quiet.mjs";
import { beNice } from "./stack.mjs";

/** It is over in seconds, so it is done until there are letters enough for a percentile. */
const FLOODS = 4;
/** Nice values: as much as a stack on another machine would be noticed, and what `./dev` gives it. */
const AWAY = 19;
const AS_STARTED = 5;
let started = 0;

export async function flood({ base, flags, account, project, report }) {
  const page = await quietBrowser(flags);
  try {
    await page.before(account.signsIn, account.credentials);
    await page.before(probe, ["[role=treeitem]", "[data-testid=code] .view-line span span"]);
    await page.goto(`${base}/?project=${project}&file=large.py`);
    await page.until(() => window.bench?.editor > 0);
    await pause(2500);
    tell(report, "all on the same cores", await floods(page, account, project), 100);
    if (beNice(AWAY)) tell(report, `the stack at nice ${AWAY}`, await floods(page, account, project), null);
    beNice(AS_STARTED);
  } finally {
    await page.close();
  }
}

function tell(report, where, { times, took }, limit) {
  report.add(`keystroke to paint while 100 MB of output go by, ${where}, median`, Math.round(percentile(times, 0.5)), "ms");
  report.add(`keystroke to paint while 100 MB of output go by, ${where}, p95`, Math.round(percentile(times, 0.95)), "ms", { limit });
  report.add(`… ${times.length} letters in ${took.length} floods, each of`, percentile(took, 0.5).toFixed(1), "s");
}

async function floods(page, account, project) {
  const times = [];
  const took = [];
  for (let n = 0; n < FLOODS; n++) {
    const job = await account.post(`/api/v1/code/${project}/runs`, { command: "sh flood.sh", runtime: "bash", limits: { output_kb: 150_000, wall_s: 120 } });
    const began = Date.now();
    await show(page, ++started);
    const { letters, over } = await typeUntilStill(page);
    times.push(...letters);
    const { state } = await account.get(`/api/v1/jobs/${job.id}`);
    if (state !== "succeeded") throw new Error(`the flood ended as ${state}`);
    took.push((over - began) / 1000);
  }
  return { times, took };
}

/** Opens the newest task in the console and goes back to the text. */
async function show(page, jobs) {
  await page.evaluate(() => document.querySelector("#tab-jobs").click());
  await page.until((least) => document.querySelectorAll("[aria-label=Jobs] li").length >= least, jobs);
  await page.evaluate(() => document.querySelector("[aria-label=Jobs] li button").click());
  await page.until(() => document.querySelector("[data-testid=console] .xterm") !== null);
  await page.evaluate(() => window.monaco.editor.getEditors()[0].focus());
}

/** Types until the run is over and the console, where each line has its number, has stood still for more than a second; the letters of that second don't count. */
async function typeUntilStill(page) {
  const batches = [];
  const look = () => [document.querySelector("[data-testid=console] .xterm-rows")?.textContent, document.querySelector("[role=tabpanel] [role=status]")?.textContent];
  let over = Date.now();
  for (let before = "", still = 0; still < 5; ) {
    batches.push(await type(page, 10));
    const [rows, verdict] = await page.evaluate(look);
    const now = `${verdict}\n${rows}`;
    still = verdict === "Finished" && now === before ? still + 1 : 0;
    if (!still) over = Date.now();
    before = now;
  }
  return { letters: batches.slice(0, -5).flat(), over };
}

async function type(page, count) {
  await page.evaluate(() => (window.bench.keys = []));
  for (let n = 0; n < count; n++) {
    await page.press("abcdefghij"[n % 10]);
    await pause(20);
  }
  await pause(40);
  return page.evaluate(() => window.bench.keys);
}
