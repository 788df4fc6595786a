// @vitest-environment node
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

/** The lint's import rules, on a small tree of files that breaks each of them. */
const FRONTEND = path.resolve(import.meta.dirname, "..");
const ALIAS = { compilerOptions: { module: "esnext", moduleResolution: "bundler", paths: { "@/*": ["./src/*"] } } };

const FILES: Record<string, string> = {
  "tsconfig.json": JSON.stringify(ALIAS),
  "src/lib/path.ts": "export const x = 1;",
  "src/lib/upward.ts": 'import "@/model/files";',
  "src/lib/a.ts": 'import "./b";',
  "src/lib/b.ts": 'import "./a";',
  "src/model/files.ts": 'import "@/lib/path";',
  "src/model/upward.ts": 'import "@/shell/panes";',
  "src/shell/panes.ts": 'import "@/model/files";',
  "src/shell/upward.ts": 'export const late = () => import("@/features/run/actions");',
  "src/features/run/actions.ts": 'export const x = 1;\nimport "@/shell/panes";',
  "src/features/errors/allowed.ts": 'import "@/lib/path";\nimport "@/model/files";\nimport "@/shell/panes";\nimport "./across";',
  "src/features/errors/across.ts": 'import "@/features/run/actions";',
  "src/features/errors/type.ts": 'import type { x } from "../run/actions";\nexport type X = typeof x;',
  "src/features/errors/upward.ts": 'import "@/workbench/Header";',
  "src/workbench/Header.ts": 'import "@/features/run/actions";',
};

let root: string;

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), "layers-"));
  symlinkSync(path.join(FRONTEND, "node_modules"), path.join(root, "node_modules"));
  for (const [file, text] of Object.entries(FILES)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), `${text}\n`);
  }
});
afterAll(() => rmSync(root, { recursive: true }));

it("the lint fails on imports upward, across features and in a circle, and on nothing else", () => {
  const program = path.join(FRONTEND, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const args = [program, "src", "--config", path.join(FRONTEND, ".dependency-cruiser.mjs"), "--output-type", "json"];
  const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  const { summary } = JSON.parse(stdout) as { summary: { violations: { rule: { name: string }; from: string }[] } };
  expect(summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`).sort()).toEqual([
    "features-are-apart: src/features/errors/across.ts",
    "features-are-apart: src/features/errors/type.ts",
    "features-are-apart: src/features/errors/upward.ts",
    "lib-imports-below: src/lib/upward.ts",
    "model-imports-below: src/model/upward.ts",
    "no-cycles: src/lib/a.ts",
    "shell-imports-below: src/shell/upward.ts",
  ]);
}, 60_000);
