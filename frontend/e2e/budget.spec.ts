import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "@playwright/test";

const OUT = path.resolve(import.meta.dirname, "../out");
const BUDGET = 300_000;

test("the page needs at most 300 kB of gzipped script before Monaco", () => {
  const html = readFileSync(path.join(OUT, "index.html"), "utf8");
  const scripts = [...html.matchAll(/<script([^>]*)src="([^"?]+)[^"]*"([^>]*)>/g)].filter(([tag]) => !/nomodule/i.test(tag));
  const sizes = scripts.map(([, , src]) => gzipSync(readFileSync(path.join(OUT, src!))).length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  console.log(`script before Monaco: ${(total / 1000).toFixed(0)} kB gzipped`);
  expect(total).toBeLessThanOrEqual(BUDGET);
});

test("every page's inline scripts are hashed for the policy, and large files have compressed siblings", () => {
  const { pages } = JSON.parse(readFileSync(path.join(OUT, "csp.json"), "utf8")) as { pages: Record<string, string[]> };
  expect(pages["/index.html"]!.length).toBeGreaterThan(0);
  for (const file of ["index.html", "vs/loader.js", "vs/editor/editor.main.js"]) {
    expect(existsSync(path.join(OUT, `${file}.br`)), `${file}.br`).toBe(true);
    expect(existsSync(path.join(OUT, `${file}.gz`)), `${file}.gz`).toBe(true);
  }
});
