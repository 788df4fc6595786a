// Copies the pinned Monaco build to public/vs, so that the editor is served from our own origin.
import { cp, readFile, rm, writeFile, readdir } from "node:fs/promises";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);
const home = path.dirname(require.resolve("monaco-editor/package.json"));
const { version } = JSON.parse(await readFile(path.join(home, "package.json"), "utf8"));
const target = path.resolve("public/vs");
const stamp = path.join(target, ".version");

const current = existsSync(stamp) ? await readFile(stamp, "utf8") : "";
if (current !== version) {
  await rm(target, { recursive: true, force: true });
  await cp(path.join(home, "min/vs"), target, { recursive: true });
  // The interface is in English: the other languages' messages are half of the files' weight.
  for (const name of await readdir(target)) {
    if (/^nls\.messages\.[a-z-]+\.js\.js$/.test(name)) await rm(path.join(target, name));
  }
  await writeFile(stamp, version);
  console.log(`monaco ${version} → public/vs`);
}
