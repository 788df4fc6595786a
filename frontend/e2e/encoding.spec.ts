import type { Page } from "@playwright/test";
import { editor, expect, makeProject, MOD, row, shows, signedIn, status, test } from "./support";

let token = "";
let project = "";

/** A project with files of these bytes. */
async function withBytes(page: Page, files: Record<string, Buffer>): Promise<void> {
  token = await signedIn(page);
  project = await makeProject(page.request, token, { "notes.txt": "one\n" });
  const headers = { Authorization: `Bearer ${token}` };
  for (const [name, buffer] of Object.entries(files)) {
    const file = { name, mimeType: "application/octet-stream", buffer };
    const answer = await page.request.post(`/api/v1/code/${project}/upload`, { headers, multipart: { file } });
    expect(answer.ok()).toBe(true);
  }
  await page.goto(`/?project=${project}`);
}

async function bytesOf(page: Page, name: string): Promise<Buffer> {
  const headers = { Authorization: `Bearer ${token}` };
  const list = await (await page.request.get(`/api/v1/code/${project}/files`, { headers })).json();
  const { id } = list.find((entry: { path: string }) => entry.path === name);
  return (await page.request.get(`/api/v1/code/files/${id}/content`, { headers })).body();
}

const encoding = (page: Page, label: string) => page.getByRole("button", { name: `Encoding: ${label}`, exact: true });
const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, "utf16le");
const bigEndian = (text: string) => utf16(text).swap16();

async function open(page: Page, name: string, text: string): Promise<void> {
  await row(page, name).dblclick();
  await shows(page, text);
  await status(page, "Connected");
}

/** Types at the beginning of the open file and saves. */
async function edit(page: Page, text: string): Promise<void> {
  await editor(page).locator(".view-lines").click();
  await page.keyboard.press(`${MOD}+Home`);
  await page.keyboard.type(text);
  await page.keyboard.press(`${MOD}+S`);
  await expect(page.getByRole("status", { name: "File: Saved", exact: true })).toBeVisible();
}

test("UTF-16, Latin-1 and a mark open as text, and keep their encoding when they are changed", async ({ page }) => {
  await withBytes(page, {
    "little.txt": utf16("Zürich\r\n€\r\n"),
    "big.txt": bigEndian("Zürich\n"),
    "latin.txt": Buffer.from("Zürich\n", "latin1"),
    "mark.csv": Buffer.from("\uFEFFname;Zürich\n"),
  });
  const files: [string, string, Buffer][] = [
    ["little.txt", "UTF-16 LE", utf16("In Zürich\r\n€\r\n")],
    ["big.txt", "UTF-16 BE", bigEndian("In Zürich\n")],
    ["latin.txt", "Latin-1", Buffer.from("In Zürich\n", "latin1")],
    ["mark.csv", "UTF-8 with BOM", Buffer.from("\uFEFFIn name;Zürich\n")],
  ];
  for (const [name, label, expected] of files) {
    await open(page, name, "Zürich");
    await expect(encoding(page, label)).toBeVisible();
    await edit(page, "In ");
    expect(await bytesOf(page, name)).toEqual(expected);
  }
});

test("mixed line ends are shown, kept where nothing changes, and changed by choice", async ({ page }) => {
  await withBytes(page, { "mixed.txt": Buffer.from("one\r\ntwo\nthree\r\n") });
  await open(page, "mixed.txt", "one");
  const lineEnds = (label: string) => page.getByRole("button", { name: `Line ends: ${label}` });
  await expect(lineEnds("mixed")).toBeVisible();
  await edit(page, "x");
  expect((await bytesOf(page, "mixed.txt")).toString()).toBe("xone\r\ntwo\nthree\r\n");
  await lineEnds("mixed").click();
  await page.getByRole("menuitemradio", { name: "CRLF" }).click();
  await expect(lineEnds("CRLF")).toBeVisible();
  await page.keyboard.press(`${MOD}+S`);
  await expect.poll(async () => (await bytesOf(page, "mixed.txt")).toString()).toBe("xone\r\ntwo\r\nthree\r\n");
});

test("the encoding is changed by choice: saved in another one, or read as another one", async ({ page }) => {
  await withBytes(page, { "latin.txt": Buffer.from("Zürich\n", "latin1") });
  await open(page, "latin.txt", "Zürich");
  await encoding(page, "Latin-1").click();
  await page.getByRole("menuitem", { name: "Save with encoding…" }).click();
  await page.getByRole("menuitemradio", { name: "UTF-8 the usual" }).click();
  await expect(encoding(page, "UTF-8")).toBeVisible();
  await expect.poll(async () => (await bytesOf(page, "latin.txt")).toString()).toBe("Zürich\n");

  await encoding(page, "UTF-8").click();
  await page.getByRole("menuitem", { name: "Reopen with encoding…" }).click();
  await page.getByRole("menuitemradio", { name: /Latin-1/ }).click();
  await shows(page, "ZÃ¼rich");
  await expect(page.getByRole("status", { name: "File: Saved", exact: true })).toBeVisible();
});

test("a character that Latin-1 does not have is named, and nothing is lost", async ({ page }) => {
  await withBytes(page, { "latin.txt": Buffer.from("Zürich\n", "latin1") });
  await open(page, "latin.txt", "Zürich");
  await editor(page).locator(".view-lines").click();
  await page.keyboard.insertText("🎯");
  await page.keyboard.press(`${MOD}+S`);
  await expect(page.getByText("Latin-1 has no “🎯”")).toBeVisible();
  expect(await bytesOf(page, "latin.txt")).toEqual(Buffer.from("Zürich\n", "latin1"));
});

test("a save in another encoding names the version it started from, and takes in what others saved", async ({ page }) => {
  await withBytes(page, { "latin.txt": Buffer.from("Zürich\n\nBern\n\nGenf\n", "latin1") });
  await open(page, "latin.txt", "Zürich");
  const tags: (string | undefined)[] = [];
  page.on("request", (request) => {
    if (request.method() === "PUT" && request.url().endsWith("/content")) tags.push(request.headers()["if-match"]);
  });
  await editor(page).locator(".view-lines").click();
  await page.keyboard.press(`${MOD}+Home`);
  await page.keyboard.type("In ");
  const headers = { Authorization: `Bearer ${token}` };
  const list = await (await page.request.get(`/api/v1/code/${project}/files`, { headers })).json();
  const { id, etag } = list.find((entry: { path: string }) => entry.path === "latin.txt");
  const data = Buffer.from("Zürich\n\nBern\n\nGenève\n", "latin1");
  const elsewhere = { headers: { ...headers, "Content-Type": "application/octet-stream" }, data };
  expect((await page.request.put(`/api/v1/code/files/${id}/content`, elsewhere)).ok()).toBe(true);
  await page.keyboard.press(`${MOD}+S`);
  await expect.poll(() => bytesOf(page, "latin.txt")).toEqual(Buffer.from("In Zürich\n\nBern\n\nGenève\n", "latin1"));
  expect(tags[0]).toBe(`"${etag}"`);
  expect(tags).toHaveLength(2);
});

test("a binary is shown as bytes, which are read in parts", async ({ page }) => {
  const large = Buffer.alloc(3_000_000);
  for (let at = 0; at < large.length; at += 16) large.writeUInt32BE(at, at);
  large.write("the very end", large.length - 16);
  await withBytes(page, { "data.bin": large });
  let read = 0;
  page.on("response", (response) => {
    if (response.url().includes("/content")) read += Number(response.headers()["content-length"] ?? large.length);
  });
  await row(page, "data.bin").dblclick();
  const hex = page.getByTestId("hex");
  await expect(hex).toContainText("00 00 00 10");
  await expect(hex.locator("div > div > div")).not.toHaveCount(0);
  expect(await hex.locator("div > div > div").count()).toBeLessThan(100);
  await page.getByLabel("Go to offset").fill("2dc6b0");
  await page.keyboard.press("Enter");
  await expect(hex).toContainText("the very end");
  await page.getByLabel("Go to offset").fill("16e360");
  await page.keyboard.press("Enter");
  await expect(hex).toContainText("00 16 e3 60");
  expect(read).toBeLessThan(large.length / 2);
});
