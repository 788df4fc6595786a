/** What the journeys share: a page that may speak to its own origin only, accounts, and words for what people do. */
import path from "node:path";
import { spawn } from "node:child_process";
import { existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test as base, type APIRequestContext, type Browser, type JSHandle, type Locator, type Page } from "@playwright/test";

export const PROJECT = path.join(import.meta.dirname, "projects/darts");
export const SHOTS = path.resolve(import.meta.dirname, "../../.dev/screenshots");
export const MOD = "Control";

/** Every page is watched: a request to another origin, or an error nobody caught, fails the test. */
export const test = base.extend<{ trap: void }>({
  trap: [
    async ({ context, baseURL }, use) => {
      const faults = watch(context, baseURL!);
      await use();
      expect(faults()).toEqual([]);
    },
    { auto: true },
  ],
});
export { expect };

export function watch(context: import("@playwright/test").BrowserContext, baseURL: string): () => string[] {
  const own = new URL(baseURL).host;
  const faults: string[] = [];
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (!["data:", "blob:"].includes(url.protocol) && url.host !== own) faults.push(`foreign request: ${url.href}`);
  });
  context.on("page", (page) => page.on("pageerror", (error) => faults.push(`page error: ${error.message}`)));
  context.on("console", (message) => {
    if (/Content.Security.Policy/i.test(message.text())) faults.push(`refused by the policy: ${message.text()}`);
  });
  return () => faults;
}

export interface Account {
  email: string;
  password: string;
  name: string;
}

let counter = 0;
export function someone(name = "Ada Lovelace"): Account {
  counter++;
  return {
    name,
    password: "correct horse 7",
    email: `${name.split(" ")[0]!.toLowerCase()}-${Date.now()}-${process.pid}-${counter}@example.org`,
  };
}

/** Registers through the API and leaves the browser signed in. */
export async function signedIn(page: Page, account = someone()): Promise<string> {
  const answer = await page.request.post("/api/v1/auth/register", { data: account });
  expect(answer.status()).toBe(201);
  const credentials = await answer.json();
  await page.addInitScript((all) => {
    if (window.origin === "null" || localStorage.getItem("engunity.tokens")) return;
    localStorage.setItem(
      "engunity.tokens",
      JSON.stringify({ access: all.access_token, refresh: all.refresh_token, expires: Date.now() + all.expires_in * 1000 }),
    );
    localStorage.setItem("engunity.user", JSON.stringify(all.user));
  }, credentials);
  return credentials.access_token as string;
}

export async function makeProject(
  request: APIRequestContext,
  token: string,
  files: Record<string, string>,
  name = "darts",
): Promise<string> {
  const headers = { Authorization: `Bearer ${token}` };
  const project = await (await request.post("/api/v1/code/", { headers, data: { name, language: "python" } })).json();
  for (const [file, content] of Object.entries(files)) {
    const made = await request.post(`/api/v1/code/${project.id}/files`, { headers, data: { path: file, type: "file", content } });
    expect(made.status()).toBe(201);
  }
  return project.id as string;
}

export function fixture(...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, readFileSync(path.join(PROJECT, name), "utf8")]));
}

export const editor = (page: Page) => page.getByTestId("code").first();
export const row = (page: Page, name: string) => page.getByRole("treeitem", { name, exact: true });
export const tab = (page: Page, name: string) => page.getByRole("tablist", { name: "Open files" }).getByRole("tab", { name });

export async function shows(page: Page, text: string): Promise<void> {
  await expect(editor(page).locator(".view-lines")).toContainText(text.replaceAll(" ", "\u00a0"));
}

/** Where an element is. The editor replaces its lines while it colors them, so one that was found may be gone at once. */
export async function boxOf(locator: Locator) {
  let box = await locator.boundingBox();
  await expect(async () => {
    box = await locator.boundingBox();
    expect(box).not.toBeNull();
  }).toPass();
  return box!;
}

/** The console's text, which is drawn on a canvas: the accessible copy is asked for instead. */
export async function consoleSays(page: Page, text: string | RegExp): Promise<void> {
  await expect(page.getByTestId("console").locator(".xterm-accessibility-tree, .xterm-rows").first()).toContainText(text);
}

export async function status(page: Page, text: string | RegExp): Promise<void> {
  await expect(page.getByRole("contentinfo")).toContainText(text);
}

export const typeAtTop = (page: Page, text: string) => typeAt(page, "Home", text);
export const typeAtEnd = (page: Page, text: string) => typeAt(page, "End", text);

async function typeAt(page: Page, key: "Home" | "End", text: string): Promise<void> {
  await editor(page).locator(".view-lines").click();
  await page.keyboard.press(`${MOD}+${key}`);
  await page.keyboard.type(text);
}

/** The file's entry on the server, with its content. */
export async function entryOf(page: Page, token: string, project: string, file: string) {
  const headers = { Authorization: `Bearer ${token}` };
  const list = await (await page.request.get(`/api/v1/code/${project}/files`, { headers })).json();
  const { id } = list.find((entry: { path: string }) => entry.path === file);
  return (await page.request.get(`/api/v1/code/files/${id}`, { headers })).json();
}

export async function contentOf(page: Page, token: string, project: string, file: string): Promise<string> {
  return (await entryOf(page, token, project, file)).content;
}

/** Changes a file behind the page's back, as someone else would. */
export async function changeElsewhere(
  page: Page,
  token: string,
  project: string,
  file: string,
  change: (content: string) => string,
): Promise<void> {
  const headers = { Authorization: `Bearer ${token}` };
  const { id, content } = await entryOf(page, token, project, file);
  await page.request.patch(`/api/v1/code/files/${id}`, { headers, data: { content: change(content) } });
}

/** A second person, or the same one in another browser. */
export async function another(browser: Browser, baseURL: string): Promise<Page> {
  const context = await browser.newContext({ baseURL, viewport: { width: 1280, height: 800 } });
  return context.newPage();
}

export async function readScreen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    if (window.origin === "null") return; // a sandboxed preview has no storage
    const settings = JSON.parse(localStorage.getItem("engunity.settings") ?? "{}");
    localStorage.setItem("engunity.settings", JSON.stringify({ ...settings, screenReader: true }));
  });
}

const COORDINATOR = path.resolve(import.meta.dirname, "../../.dev/run/e2e-coordinator.pid");

/** Whether the coordinator under test is the one that `./dev test` started, which tests may end. */
export function mayRestart(baseURL: string): boolean {
  if (!existsSync(COORDINATOR)) return false;
  const { env } = processOf(readFileSync(COORDINATOR, "utf8").trim()) ?? {};
  return Boolean(env?.ENGUNITY__HTTP__LISTEN?.endsWith(`:${new URL(baseURL).port}`));
}

/** Ends the coordinator as an operator would, leaves it away for a while, and starts the same program again. */
export async function restartCoordinator(baseURL: string, away: number): Promise<void> {
  const pid = readFileSync(COORDINATOR, "utf8").trim();
  const { args, env } = processOf(pid)!;
  process.kill(Number(pid), "SIGTERM");
  await expect.poll(() => processOf(pid), { timeout: 30_000 }).toBeNull();
  await new Promise((resolve) => setTimeout(resolve, away));
  const log = openSync(path.resolve(import.meta.dirname, "../../.dev/log/e2e-coordinator.log"), "a");
  const child = spawn(args[0]!, args.slice(1), { cwd: "/", env, detached: true, stdio: ["ignore", log, log] });
  child.unref();
  writeFileSync(COORDINATOR, `${child.pid}\n`);
  await expect
    .poll(
      async () =>
        fetch(`${baseURL}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      { timeout: 30_000 },
    )
    .toBe(true);
}

/** A living process; one that has ended and that nobody has waited for counts as gone. */
function processOf(pid: string): { args: string[]; env: NodeJS.ProcessEnv } | null {
  try {
    if (/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))) return null;
    const parts = (name: string) => readFileSync(`/proc/${pid}/${name}`, "utf8").split("\0").filter(Boolean);
    const pairs = parts("environ").map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)] as const);
    return { args: parts("cmdline"), env: Object.fromEntries(pairs) as NodeJS.ProcessEnv };
  } catch {
    return null;
  }
}

/** What a drop of `packed.tar.gz` with one file in it carries. */
export function droppedArchive(page: Page, path: string, content: string): Promise<JSHandle<DataTransfer>> {
  return page.evaluateHandle(
    async ([path, content]) => {
      const field = (text: string, length: number) => text.padEnd(length, "\0");
      const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, "0")}\0`;
      const before = field(path, 100) + octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(content.length, 12) + octal(0, 12);
      const after = field("0", 101) + "ustar\0" + "00" + field("", 247);
      const sum = [...before, ...after].reduce((total, letter) => total + letter.charCodeAt(0), 8 * 32);
      const tar = before + `${sum.toString(8).padStart(6, "0")}\0 ` + after + field(content, 512) + field("", 1024);
      const packed = new Blob([tar]).stream().pipeThrough(new CompressionStream("gzip"));
      const transfer = new DataTransfer();
      transfer.items.add(new File([await new Response(packed).blob()], "packed.tar.gz", { type: "application/gzip" }));
      return transfer;
    },
    [path, content] as const,
  );
}
