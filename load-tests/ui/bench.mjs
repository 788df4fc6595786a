// Prints what the studio costs a person: seconds to start, milliseconds to answer, frames, memory.
import { readFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { createRequire } from "node:module";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { archive, percentile, probe, signIn } from "./lib.mjs";

const here = import.meta.dirname;
const frontend = path.resolve(here, "../../frontend");
const { chromium } = createRequire(path.join(frontend, "package.json"))("@playwright/test");
const base = process.env.ENGUNITY_URL ?? "http://127.0.0.1:8000";
const minutes = Number(process.argv[process.argv.indexOf("--minutes") + 1]) || 3;
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--enable-precise-memory-info", "--js-flags=--expose-gc"];
const rows = [];
const failures = [];
const loadBefore = loadavg()[0];

function report(what, value, unit, limit, better = "<=") {
  const met = limit === null ? "" : (better === "<=" ? value <= limit : value >= limit) ? "yes" : "NO";
  rows.push([what, `${value} ${unit}`, limit === null ? "" : `${better} ${limit} ${unit}`, met]);
  console.error(`  ${what}: ${value} ${unit} ${met && `(to reach: ${better} ${limit} ${unit}: ${met})`}`);
  return met !== "NO";
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: FLAGS });
const context = await browser.newContext({ baseURL: base, viewport: { width: 1440, height: 900 } });
const account = await signIn(context);
const page = await context.newPage();
await page.addInitScript(probe);

const lines = Array.from({ length: 5000 }, (_, n) => `def function_${n}(argument, other=${n}):  # line ${n}`).join("\n");
const small = await account.project("bench small", [["main.py", "print('hello')\n"], ["large.py", lines], ["flood.sh", "yes 'the quick brown fox jumps over the lazy dog 0123456789' | head -c 104857600\n"]]);

await budget();
await starting();
await typing();
await flood();
const many = await account.project("bench 100k", manyFiles());
await scrolling();
await palette();
await memory();
await browser.close();
finish();

function budget() {
  const html = readFileSync(path.join(frontend, "out/index.html"), "utf8");
  const scripts = [...html.matchAll(/<script([^>]*)src="([^"?]+)[^"]*"([^>]*)>/g)].filter(([tag]) => !/nomodule/i.test(tag));
  const total = scripts.reduce((sum, [, , src]) => sum + gzipSync(readFileSync(path.join(frontend, "out", src))).length, 0);
  if (!report("script before Monaco, gzipped", Math.round(total / 1000), "kB", 300)) failures.push("the size budget");
}

/** A warm start: everything is in the browser's cache, the page is opened anew. */
async function starting() {
  const shell = [];
  const editor = [];
  for (let n = 0; n < 8; n++) {
    await page.goto(`/?project=${small}&file=main.py`);
    await page.waitForFunction(() => window.bench.editor && window.bench.shell);
    const { shell: one, editor: other } = await page.evaluate(() => window.bench);
    if (n < 3) continue;
    shell.push(one);
    editor.push(other);
  }
  report("shell interactive, warm, median", Math.round(percentile(shell, 0.5)), "ms", 1000);
  report("editor ready, warm, median", Math.round(percentile(editor, 0.5)), "ms", 2000);
}

async function openFile(name) {
  await page.keyboard.press("Control+P");
  await page.getByRole("combobox").fill(name);
  await page.getByRole("option").first().waitFor();
  await page.keyboard.press("Enter");
  await page.getByTestId("code").locator(".view-line").first().waitFor();
  await page.waitForTimeout(1500);
}

async function type(count, pause) {
  await page.evaluate(() => (window.bench.keys = []));
  for (let n = 0; n < count; n++) {
    await page.keyboard.press("abcdefghij"[n % 10]);
    await page.waitForTimeout(pause);
  }
  await page.waitForTimeout(300);
  return page.evaluate(() => window.bench.keys);
}

async function typing() {
  await openFile("large.py");
  await page.getByTestId("code").locator(".view-lines").click();
  await type(20, 40);
  const times = await type(200, 40);
  report("keystroke to paint, 5,000 lines, median", Math.round(percentile(times, 0.5)), "ms", null);
  report("keystroke to paint, 5,000 lines, p95", Math.round(percentile(times, 0.95)), "ms", 25);
}

/** A program writes 100 MB while a person types. */
async function flood() {
  const job = await account.post(`/api/v1/code/${small}/runs`, { command: "sh flood.sh", runtime: "bash", limits: { output_kb: 150_000, wall_s: 120 } });
  await page.getByRole("tab", { name: /^Tasks/ }).click();
  await page.getByRole("list", { name: "Tasks" }).getByRole("button").first().click();
  await page.getByTestId("console").waitFor();
  await page.getByTestId("code").locator(".view-lines").click();
  const times = [];
  let state = "queued";
  for (let n = 0; n < 120 && (state === "queued" || state === "running"); n++) {
    times.push(...(await type(10, 60)));
    ({ state } = await account.get(`/api/v1/jobs/${job.id}`));
  }
  report("keystroke to paint while 100 MB of output goes by, p95", Math.round(percentile(times, 0.95)), "ms", 100);
  report("… the job's end, as a check", state, "", null);
}

/** A project holds 100,000 entries, folders among them. */
function manyFiles() {
  const words = ["alpha", "server", "client", "parser", "render", "index", "router", "model"];
  return Array.from({ length: 99_900 }, (_, n) => [`pkg-${n % 40}/${words[n % 8]}/${words[(n * 7) % 8]}_${n}.ts`, ""]);
}

async function scrolling() {
  await page.evaluate((id) => {
    const folders = new Set();
    for (let n = 0; n < 40; n++) for (const word of ["alpha", "server", "client", "parser", "render", "index", "router", "model"]) folders.add(`pkg-${n}`).add(`pkg-${n}/${word}`);
    localStorage.setItem(`engunity.open.${id}`, JSON.stringify([...folders]));
  }, many);
  await page.goto(`/?project=${many}`);
  await page.getByRole("treeitem").first().waitFor({ timeout: 60_000 });
  await page.waitForTimeout(2000);
  const frames = await page.evaluate(async () => {
    const tree = document.querySelector("[role=tree]");
    const times = [];
    let last = performance.now();
    const end = last + 4000;
    while (last < end) {
      tree.scrollTop += 240;
      const now = await new Promise(requestAnimationFrame);
      times.push(now - last);
      last = now;
    }
    return { rate: (times.length / times.reduce((sum, time) => sum + time, 0)) * 1000, rows: Math.round(tree.scrollHeight / 24), shown: tree.querySelectorAll("[role=treeitem]").length };
  });
  report("tree rows", frames.rows, "rows", null);
  report("tree scrolls at", Math.round(frames.rate), "fps", 50, ">=");
}

async function palette() {
  await page.keyboard.press("Control+P");
  await page.getByRole("combobox").waitFor();
  const times = [];
  for (const word of ["router_9", "clidx", "pkg-3/ren", "model_77", "parsr_1", "index", "srvalpha"]) {
    await page.getByRole("combobox").fill("");
    await page.evaluate(() => (window.bench.keys = []));
    await page.keyboard.type(word, { delay: 60 });
    await page.waitForTimeout(200);
    times.push(...(await page.evaluate(() => window.bench.keys)));
  }
  await page.keyboard.press("Escape");
  report("Ctrl+P, letter to painted result, 100,000 files, median", Math.round(percentile(times, 0.5)), "ms", null);
  report("Ctrl+P, letter to painted result, 100,000 files, p95", Math.round(percentile(times, 0.95)), "ms", 30);
}

/** Opens, types, runs the palette and closes, for minutes; the heap after a collection should not grow. */
async function memory() {
  await page.goto(`/?project=${small}&file=main.py`);
  await page.getByTestId("code").locator(".view-line").first().waitFor();
  const heap = async () => {
    await page.evaluate(() => window.gc?.());
    await page.waitForTimeout(300);
    return page.evaluate(() => performance.memory.usedJSHeapSize / 1e6);
  };
  const use = async () => {
    await openFile("large.py");
    await page.getByTestId("code").locator(".view-lines").click();
    await page.keyboard.type("abc", { delay: 30 });
    for (let n = 0; n < 3; n++) await page.keyboard.press("Control+Z");
    await page.keyboard.press("Alt+W");
    await openFile("main.py");
  };
  for (let n = 0; n < 3; n++) await use();
  const start = await heap();
  const end = Date.now() + minutes * 60_000;
  let rounds = 0;
  while (Date.now() < end) {
    await use();
    rounds++;
  }
  const after = await heap();
  report(`heap before ${minutes} min of use`, start.toFixed(1), "MB", null);
  report(`heap after ${minutes} min of use (${rounds} rounds)`, after.toFixed(1), "MB", null);
  report("heap growth", Math.round(((after - start) / start) * 100), "%", 10);
}

function finish() {
  const all = [["measure", "here", "to reach", "met"], ...rows];
  const widths = all[0].map((_, column) => Math.max(...all.map((row) => String(row[column]).length)));
  const table = all.map((row) => `| ${row.map((cell, column) => String(cell).padEnd(widths[column])).join(" | ")} |`);
  table.splice(1, 0, `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`);
  const head = `${cpus().length} × ${cpus()[0].model.trim()}, ${browser.version ? `Chromium ${browser.version()}` : "Chromium"}, ${new Date().toISOString().slice(0, 10)}`;
  const load = `Load average before ${loadBefore.toFixed(1)}, after ${loadavg()[0].toFixed(1)}: above about 2 the machine was busy with something else as well.`;
  const text = `${head}\n\n${load}\n\n${table.join("\n")}\n\ncode-server as a peer: see docs/frontend.md\n`;
  console.log(text);
  const results = path.resolve(here, "../results");
  if (!existsSync(results)) mkdirSync(results, { recursive: true });
  writeFileSync(path.join(results, "ui.md"), `# The studio in headless Chromium\n\n${text}`);
  if (failures.length) {
    console.error(`over budget: ${failures.join(", ")}`);
    process.exit(1);
  }
}
