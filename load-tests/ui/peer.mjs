// code-server on the same machine, in the same browser, with the same files: what it takes to stand and to answer a key.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { percentile, probe } from "./lib.mjs";

export async function measurePeer(browser, report, files) {
  const home = mkdtempSync(path.join(tmpdir(), "code-server-"));
  const folder = path.join(home, "project");
  mkdirSync(folder);
  for (const [name, text] of files) writeFileSync(path.join(folder, name), text);
  const server = await start(home);
  try {
    await measure(browser, report, server.url, folder);
  } catch (error) {
    report.add("code-server could not be measured", String(error).split("\n")[0], "", { peer: true });
  } finally {
    server.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

async function start(home) {
  const port = await freePort();
  const settings = path.join(home, "data/User");
  mkdirSync(settings, { recursive: true });
  writeFileSync(path.join(settings, "settings.json"), JSON.stringify({ "security.workspace.trust.enabled": false, "workbench.startupEditor": "none", "telemetry.telemetryLevel": "off" }));
  const child = spawn(
    process.execPath,
    [path.join(process.env.CODE_SERVER, "out/node/entry.js"), "--auth", "none", "--bind-addr", `127.0.0.1:${port}`, "--user-data-dir", path.join(home, "data"), "--extensions-dir", path.join(home, "extensions"), "--config", path.join(home, "config.yaml"), "--disable-telemetry", "--disable-update-check"],
    { stdio: "ignore", detached: true, env: { ...process.env, HOME: home } },
  );
  const url = `http://127.0.0.1:${port}`;
  for (let n = 0; n < 300; n++) {
    if (await fetch(`${url}/healthz`).then((answer) => answer.ok, () => false)) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { url, stop: () => process.kill(-child.pid, "SIGTERM") };
}

function freePort() {
  return new Promise((resolve) => {
    const taken = createServer().listen(0, "127.0.0.1", () => {
      const { port } = taken.address();
      taken.close(() => resolve(port));
    });
  });
}

async function measure(browser, report, url, folder) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(probe, [".explorer-folders-view .monaco-list-row", ".editor-instance .view-line span span"]);
  const address = (file) => {
    const payload = [["openFile", `vscode-remote://${new URL(url).host}${folder}/${file}`]];
    return `${url}/?folder=${encodeURIComponent(folder)}&payload=${encodeURIComponent(JSON.stringify(payload))}`;
  };
  const times = { shell: [], editor: [] };
  for (let n = 0; n < 6; n++) {
    await page.goto(address("main.py"));
    await page.waitForFunction(() => window.bench.shell && window.bench.editor, undefined, { timeout: 60_000 });
    const { shell, editor } = await page.evaluate(() => window.bench);
    if (n < 2) continue;
    times.shell.push(shell);
    times.editor.push(editor);
  }
  report.add("its explorer shows the files, warm, median", Math.round(percentile(times.shell, 0.5)), "ms", { peer: true });
  report.add("its editor shows the file, warm, median", Math.round(percentile(times.editor, 0.5)), "ms", { peer: true });
  await page.goto(address("large.py"));
  await page.waitForFunction(() => window.bench.editor, undefined, { timeout: 60_000 });
  await page.waitForTimeout(5000);
  await page.locator(".editor-instance .view-lines").first().click();
  const type = async (count) => {
    await page.evaluate(() => (window.bench.keys = []));
    for (let n = 0; n < count; n++) {
      await page.keyboard.press("abcdefghij"[n % 10]);
      await page.waitForTimeout(40);
    }
    await page.waitForTimeout(300);
    return page.evaluate(() => window.bench.keys);
  };
  await type(20);
  const keys = await type(200);
  report.add("keystroke to paint, the same 5,000 lines, median", Math.round(percentile(keys, 0.5)), "ms", { peer: true });
  report.add("keystroke to paint, the same 5,000 lines, p95", Math.round(percentile(keys, 0.95)), "ms", { peer: true });
  await context.close();
}
