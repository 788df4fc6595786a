// Prints what the studio costs a person: seconds to start, milliseconds to answer, frames, memory.
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { createRequire } from "node:module";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { flood } from "./flood.mjs";
import { openFile, percentile, probe, signIn } from "./lib.mjs";
import { memory } from "./memory.mjs";
import { measurePeer } from "./peer.mjs";
import { Report } from "./report.mjs";

const frontend = path.resolve(import.meta.dirname, "../../frontend");
const { chromium } = createRequire(path.join(frontend, "package.json"))("@playwright/test");
const base = process.env.ENGUNITY_URL ?? "http://127.0.0.1:8000";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--enable-precise-memory-info"];

const option = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);
const minutes = Number(option("--minutes") ?? 1);
const only = option("--only")?.split(",");
const wanted = (part) => !only || only.includes(part);

const report = new Report();
const load = loadavg()[0];
const launch = (flags = []) => chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: [...FLAGS, ...flags] });
const browser = await launch();
const context = await browser.newContext({ baseURL: base, viewport: { width: 1440, height: 900 } });
const account = await signIn(context);
const page = await context.newPage();
await page.addInitScript(probe, ["[role=treeitem]", "[data-testid=code] .view-line span span"]);

const WORDS = ["alpha", "server", "client", "parser", "render", "index", "router", "model"];
const FLOOD = "yes 'the quick brown fox jumps over the lazy dog 0123456789' | cat -n | head -c 104857600\n";
const lines = Array.from({ length: 5000 }, (_, n) => `def function_${n}(argument, other=${n}):  # line ${n}`).join("\n");
const files = [["main.py", "print('hello')\n"], ["large.py", lines], ["flood.sh", FLOOD]];
const small = await account.project("bench small", files);

if (wanted("budget")) budget();
if (wanted("start")) await starting();
if (wanted("typing")) await typing();
if (wanted("flood")) {
  await page.goto("about:blank");
  await flood({ base, flags: FLAGS, account, project: small, report });
}
if (wanted("tree") || wanted("palette")) {
  const many = await account.project("bench 100k", manyFiles());
  await openMany(many);
  if (wanted("tree")) await scrolling();
  if (wanted("palette")) await palette();
}
if (wanted("memory") && minutes > 0) {
  await page.goto("about:blank");
  await memory({ launch, base, account, project: small, report, minutes });
}
if (wanted("peer") && process.env.CODE_SERVER) {
  await page.goto("about:blank");
  await measurePeer(browser, report, files);
}
const version = browser.version();
await browser.close();
report.finish({ version, load, keep: !only });

function budget() {
  const html = readFileSync(path.join(frontend, "out/index.html"), "utf8");
  const scripts = [...html.matchAll(/<script([^>]*)src="([^"?]+)[^"]*"([^>]*)>/g)].filter(([tag]) => !/nomodule/i.test(tag));
  const total = scripts.reduce((sum, [, , src]) => sum + gzipSync(readFileSync(path.join(frontend, "out", src))).length, 0);
  report.add("script before Monaco, gzipped", Math.round(total / 1000), "kB", { limit: 300, budget: true });
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
  report.add("shell interactive, warm, median", Math.round(percentile(shell, 0.5)), "ms", { limit: 1000 });
  report.add("editor ready, warm, median", Math.round(percentile(editor, 0.5)), "ms", { limit: 2000 });
}

/** Goes on from file to file as a person does: from where the last part left the page. */
async function atSmall() {
  if (!page.url().includes(small)) await page.goto(`/?project=${small}&file=main.py`);
  await page.getByTestId("code").locator(".view-line").first().waitFor();
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
  await atSmall();
  await openFile(page, "large.py");
  await page.getByTestId("code").locator(".view-lines").click();
  await type(20, 40);
  const times = await type(250, 40);
  report.add("keystroke to paint, 5,000 lines, median", Math.round(percentile(times, 0.5)), "ms");
  report.add("keystroke to paint, 5,000 lines, p95", Math.round(percentile(times, 0.95)), "ms", { limit: 25 });
}

/** A project holds 100,000 entries, folders among them. */
function manyFiles() {
  return Array.from({ length: 99_900 }, (_, n) => [`pkg-${n % 40}/${WORDS[n % 8]}/${WORDS[(n * 7) % 8]}_${n}.ts`, ""]);
}

async function openMany(many) {
  await page.goto("/");
  await page.evaluate(
    ([id, words]) => {
      const folders = new Set();
      for (let n = 0; n < 40; n++) for (const word of words) folders.add(`pkg-${n}`).add(`pkg-${n}/${word}`);
      localStorage.setItem(`engunity.open.${id}`, JSON.stringify([...folders]));
    },
    [many, WORDS],
  );
  await page.goto(`/?project=${many}`);
  await page.getByRole("treeitem").first().waitFor({ timeout: 60_000 });
  await page.waitForTimeout(3000);
}

/** Ten rows further with every frame, for seconds. */
async function scrolling() {
  const frames = await page.evaluate(async () => {
    const tree = document.querySelector("[role=tree]");
    const times = [];
    let last = await new Promise(requestAnimationFrame);
    const end = last + 5000;
    while (last < end) {
      tree.scrollTop += 240;
      const now = await new Promise(requestAnimationFrame);
      times.push(now - last);
      last = now;
    }
    times.sort((a, b) => a - b);
    return { rate: (times.length / times.reduce((sum, time) => sum + time, 0)) * 1000, slow: times[Math.floor(times.length * 0.95)], rows: Math.round(tree.scrollHeight / 24) };
  });
  report.add("tree rows", frames.rows, "rows");
  report.add("tree scrolls at", Math.round(frames.rate), "fps", { limit: 50, better: ">=" });
  report.add("… its 95th percentile frame", frames.slow.toFixed(1), "ms");
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
  report.add("Ctrl+P, letter to painted result, 100,000 files, median", Math.round(percentile(times, 0.5)), "ms");
  report.add("Ctrl+P, letter to painted result, 100,000 files, p95", Math.round(percentile(times, 0.95)), "ms", { limit: 30 });
}
