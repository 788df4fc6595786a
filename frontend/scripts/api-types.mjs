// Writes src/api/schema.d.ts from openapi.json. With an address, takes the document from a running coordinator first:
//   npm run types -- http://127.0.0.1:8000
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import openapiTS, { astToString } from "openapi-typescript";

const root = path.resolve(import.meta.dirname, "..");
const snapshot = path.join(root, "openapi.json");
const HEAD = "/* Generated from openapi.json by `npm run types`. */\n/* eslint-disable */\n\n";

export async function schemaText() {
  const document = JSON.parse(await readFile(snapshot, "utf8"));
  return HEAD + astToString(await openapiTS(document));
}

async function main(address) {
  if (address) {
    const answer = await fetch(`${address}/api/v1/openapi.json`);
    if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
    await writeFile(snapshot, `${JSON.stringify(await answer.json(), null, 2)}\n`);
  }
  await writeFile(path.join(root, "src/api/schema.d.ts"), await schemaText());
}

if (process.argv[1] === import.meta.filename) await main(process.argv[2]);
