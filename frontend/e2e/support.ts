/** What the journeys share: a page that may speak to its own origin only, accounts, and words for what people do. */
import path from "node:path";
import { readFileSync } from "node:fs";
import { expect, test as base, type APIRequestContext, type Browser, type Page } from "@playwright/test";

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
  return { name, password: "correct horse 7", email: `${name.split(" ")[0]!.toLowerCase()}-${Date.now()}-${process.pid}-${counter}@example.org` };
}

/** Registers through the API and leaves the browser signed in. */
export async function signedIn(page: Page, account = someone()): Promise<string> {
  const answer = await page.request.post("/api/v1/auth/register", { data: account });
  expect(answer.status()).toBe(201);
  const credentials = await answer.json();
  await page.addInitScript((all) => {
    if (window.origin === "null" || localStorage.getItem("engunity.tokens")) return;
    localStorage.setItem("engunity.tokens", JSON.stringify({ access: all.access_token, refresh: all.refresh_token, expires: Date.now() + all.expires_in * 1000 }));
    localStorage.setItem("engunity.user", JSON.stringify(all.user));
  }, credentials);
  return credentials.access_token as string;
}

export async function makeProject(request: APIRequestContext, token: string, files: Record<string, string>, name = "darts"): Promise<string> {
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

/** The console's text, which is drawn on a canvas: the accessible copy is asked for instead. */
export async function consoleSays(page: Page, text: string | RegExp): Promise<void> {
  await expect(page.getByTestId("console").locator(".xterm-accessibility-tree, .xterm-rows").first()).toContainText(text);
}

export async function status(page: Page, text: string | RegExp): Promise<void> {
  await expect(page.getByRole("contentinfo")).toContainText(text);
}

export async function typeAtTop(page: Page, text: string): Promise<void> {
  await editor(page).locator(".view-lines").click();
  await page.keyboard.press(`${MOD}+Home`);
  await page.keyboard.type(text);
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
