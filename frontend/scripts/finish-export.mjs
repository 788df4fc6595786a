// Finishes the export in out/: hashes of inline scripts (csp.json) for the Content-Security-Policy
// the coordinator sends, and .br/.gz siblings so that it never compresses at run time.
import { createHash } from "node:crypto";
import { readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const out = path.resolve("out");
const TEXT = /\.(html|js|mjs|css|json|svg|txt|map|ttf|webmanifest)$/;
const MIN_BYTES = 1024;

async function* walk(dir) {
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const full = path.join(dir, entry.name);
    if (entry.isDirectory()) yield* walk(full);
    else yield full;
  }
}

function inlineScriptHashes(html) {
  const hashes = new Set();
  for (const [, attributes, body] of html.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)) {
    if (/\bsrc=/.test(attributes) || !body) continue;
    hashes.add(`sha256-${createHash("sha256").update(body).digest("base64")}`);
  }
  return [...hashes];
}

function pagePath(file) {
  const relative = `/${path.relative(out, file).split(path.sep).join("/")}`;
  return relative;
}

async function writeCsp(files) {
  const pages = {};
  for (const file of files.filter((name) => name.endsWith(".html"))) {
    pages[pagePath(file)] = inlineScriptHashes(await readFile(file, "utf8"));
  }
  await writeFile(path.join(out, "csp.json"), `${JSON.stringify({ pages }, null, 2)}\n`);
}

const brotli = promisify(brotliCompress);
const gz = promisify(gzip);

async function compress(file) {
  const body = await readFile(file);
  if (body.length < MIN_BYTES) return;
  // Quality 11 on Monaco's megabytes costs half a minute for three per cent.
  const quality = body.length > 500_000 ? 9 : 11;
  const params = { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: body.length };
  await Promise.all([
    brotli(body, { params }).then((packed) => writeFile(`${file}.br`, packed)),
    gz(body, { level: 9 }).then((packed) => writeFile(`${file}.gz`, packed)),
  ]);
}

const files = [];
for await (const file of walk(out)) if (!/\.(br|gz)$/.test(file)) files.push(file);
await writeCsp(files);
await Promise.all(files.filter((file) => TEXT.test(file)).map(compress));
console.log(`out: ${files.length} files, csp.json and compressed siblings written`);
