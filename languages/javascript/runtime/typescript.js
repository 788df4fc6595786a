// Lets Node.js load TypeScript: each file is turned into JavaScript by esbuild as it is needed. Types are not checked.
"use strict";
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");

const LOADERS = { ".ts": "ts", ".mts": "ts", ".cts": "ts", ".tsx": "tsx" };

function compile(file) {
  const options = [
    `--loader=${LOADERS[path.extname(file)]}`, "--format=cjs", "--target=node18", "--platform=node",
    "--sourcemap=inline", `--sourcefile=${file}`, "--log-level=warning",
  ];
  const made = spawnSync("esbuild", options, { input: fs.readFileSync(file), maxBuffer: 1 << 28 });
  if (made.error) throw made.error;
  process.stderr.write(made.stderr);
  if (made.status !== 0) process.exit(1);
  return made.stdout.toString();
}

for (const extension of Object.keys(LOADERS)) {
  Module._extensions[extension] = (module, file) => module._compile(compile(file), file);
}

// TypeScript's own rule: an import of "./x.js" finds x.ts.
const find = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  try {
    return find.call(this, request, ...rest);
  } catch (error) {
    const source = request.replace(/\.([mc]?)js$/, ".$1ts");
    if (source === request) throw error;
    return find.call(this, source, ...rest);
  }
};
