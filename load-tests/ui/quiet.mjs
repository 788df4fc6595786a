// A browser that nobody listens in on. Playwright has every WebSocket frame sent to itself, and a flood of 100 MB through the
// thread that also hands on the keys would measure that. This one speaks the DevTools protocol over a pipe, and only what it must.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export async function quietBrowser(flags) {
  const profile = mkdtempSync(path.join(tmpdir(), "quiet-"));
  const executable = process.env.CHROMIUM || "/usr/bin/chromium";
  const child = spawn(executable, ["--headless=new", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "--window-size=1440,900", "--no-default-browser-check", "--disable-background-timer-throttling", "--disable-renderer-backgrounding", ...flags, "about:blank"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    detached: true,
  });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  const devtools = speak(child.stdio[3], child.stdio[4]);
  const { targetId } = await devtools("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await devtools("Target.attachToTarget", { targetId, flatten: true });
  const close = async () => {
    // With its children, which would write on into the profile.
    process.kill(-child.pid, "SIGKILL");
    await gone;
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  return new QuietPage((method, params) => devtools(method, params, sessionId), close);
}

/** Messages are JSON with a zero byte after each. */
function speak(to, from) {
  const waiting = new Map();
  let heard = "";
  let next = 1;
  from.setEncoding("utf8");
  from.on("data", (data) => {
    const parts = (heard + data).split("\0");
    heard = parts.pop();
    for (const part of parts) {
      const { id, result, error } = JSON.parse(part);
      const asked = waiting.get(id);
      waiting.delete(id);
      if (error) asked?.reject(new Error(error.message));
      else asked?.resolve(result);
    }
  });
  return (method, params = {}, sessionId = undefined) =>
    new Promise((resolve, reject) => {
      const id = next++;
      waiting.set(id, { resolve, reject });
      to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
}

class QuietPage {
  constructor(send, close) {
    this.send = send;
    this.close = close;
  }

  /** Runs before any script of any page. */
  async before(work, argument) {
    await this.send("Page.enable");
    await this.send("Page.addScriptToEvaluateOnNewDocument", { source: `(${work})(${JSON.stringify(argument)})` });
  }

  async goto(url) {
    await this.send("Page.navigate", { url });
  }

  async evaluate(work, argument) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression: `(${work})(${JSON.stringify(argument)})`, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Asks until the answer is true. */
  async until(work, argument, seconds = 60) {
    for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(50)) {
      if (await this.evaluate(work, argument).catch(() => false)) return;
    }
    throw new Error(`waited in vain for ${work}`);
  }

  async press(letter) {
    const key = { key: letter, code: `Key${letter.toUpperCase()}`, windowsVirtualKeyCode: letter.toUpperCase().charCodeAt(0) };
    await this.send("Input.dispatchKeyEvent", { type: "keyDown", text: letter, ...key });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...key });
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
