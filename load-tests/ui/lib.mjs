// What the measurements share: an account, projects made in one request, and the probe inside the page.

/** A percentile of numbers, by rank. */
export function percentile(numbers, fraction) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? NaN;
}

/** Runs in the page before anything else: notes when the shell and the editor stand, and how long a key takes to the paint. */
export function probe([shell, editor]) {
  window.bench = { shell: 0, editor: 0, keys: [] };
  const look = () => {
    if (!window.bench.shell && document.querySelector(shell)) window.bench.shell = performance.now();
    if (!window.bench.editor && document.querySelector(editor)) window.bench.editor = performance.now();
    if (!window.bench.shell || !window.bench.editor) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  addEventListener(
    "keydown",
    (event) => {
      const began = event.timeStamp;
      if (event.key.length > 1 || event.ctrlKey) return;
      // The frame that draws the letter, and the task after it: then it is on the screen.
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => window.bench.keys.push(performance.now() - began);
        channel.port2.postMessage(0);
      });
    },
    true,
  );
}

export async function signIn(context) {
  const email = `bench-${Date.now()}@example.org`;
  const answer = await context.request.post("/api/v1/auth/register", { data: { email, password: "correct horse 7", name: "Bench" } });
  if (!answer.ok()) throw new Error(`register: ${answer.status()} ${await answer.text()}`);
  const credentials = await answer.json();
  await context.addInitScript(rememberAccount, credentials);
  const headers = { Authorization: `Bearer ${credentials.access_token}` };
  const checked = async (response) => {
    if (!response.ok()) throw new Error(`${response.url()}: ${response.status()} ${await response.text()}`);
    return response.json();
  };
  return {
    credentials,
    /** For pages of another browser: to be run before their own scripts. */
    signsIn: rememberAccount,
    get: async (url) => checked(await context.request.get(url, { headers })),
    post: async (url, data) => checked(await context.request.post(url, { headers, data })),
    project: async (name, files) => {
      const project = await checked(await context.request.post("/api/v1/code/", { headers, data: { name, language: "python" } }));
      const file = { name: "files.tar", mimeType: "application/x-tar", buffer: archive(files) };
      await checked(await context.request.post(`/api/v1/code/${project.id}/upload`, { headers, multipart: { file }, timeout: 300_000 }));
      return project.id;
    },
  };
}

/** Opens a file as one does from the keyboard, and waits until it stands. */
export async function openFile(page, name) {
  await page.keyboard.press("Control+P");
  await page.getByRole("combobox").fill(name);
  await page.getByRole("option").first().waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("tablist", { name: "Open files" }).getByRole("tab", { name, selected: true }).waitFor();
  await page.getByTestId("code").locator(".view-line").first().waitFor();
  await page.waitForTimeout(1000);
}

/** Leaves the account where the studio looks for it. */
function rememberAccount(all) {
  if (window.origin === "null" || localStorage.getItem("engunity.tokens")) return;
  localStorage.setItem("engunity.tokens", JSON.stringify({ access: all.access_token, refresh: all.refresh_token, expires: Date.now() + all.expires_in * 1000 }));
  localStorage.setItem("engunity.user", JSON.stringify(all.user));
}

/** A tar of [path, text] pairs. */
export function archive(files) {
  const blocks = [];
  for (const [path, text] of files) {
    const data = Buffer.from(text);
    const header = Buffer.alloc(512);
    header.write(path, 0, 100);
    header.write("0000644\0", 100);
    header.write("0000000\0", 108);
    header.write("0000000\0", 116);
    header.write(`${data.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("00000000000\0", 136);
    header.write("        ", 148);
    header.write("0", 156);
    header.write("ustar\x0000", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    blocks.push(header, data, Buffer.alloc((512 - (data.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
