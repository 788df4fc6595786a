import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { tarParts } from "@/lib/tar";
import { namesIn } from "./archiveNames";

const folder = mkdtempSync(path.join(tmpdir(), "archive-names-"));
afterAll(() => rmSync(folder, { recursive: true }));

const LONG = `${"deep/".repeat(30)}file.txt`;
const files = ["a.txt", "src/b.py", LONG];
for (const file of files) {
  mkdirSync(path.dirname(path.join(folder, "in", file)), { recursive: true });
  writeFileSync(path.join(folder, "in", file), file.repeat(300));
}

function made(name: string, command: string, ...options: string[]): Blob {
  execFileSync(command, options, { cwd: path.join(folder, "in") });
  return new Blob([readFileSync(path.join(folder, name))]);
}

for (const format of ["gnu", "pax", "ustar"])
  it(`reads a tar in the format ${format}`, async () => {
    const blob = made("t.tar", "tar", "-cf", "../t.tar", `--format=${format}`, ".");
    expect((await namesIn(blob, "t.tar"))!.toSorted()).toEqual(files.toSorted());
  });

it("reads a compressed tar, and one of our own", async () => {
  const blob = made("t.tgz", "tar", "-czf", "../t.tgz", ".");
  expect((await namesIn(blob, "t.tar.gz"))!.toSorted()).toEqual(files.toSorted());
  const zstd = made("t.tar.zst", "tar", "--zstd", "-cf", "../t.tar.zst", ".");
  expect((await namesIn(zstd, "t.tar.zst"))!.toSorted()).toEqual(files.toSorted());
  const own = new Blob(tarParts(files.map((name) => ({ path: name, size: 3, data: "abc" }))));
  expect(await namesIn(own, "t.tar")).toEqual(files);
});

it("reads a zip", async () => {
  const script = "import shutil; shutil.make_archive('../z', 'zip', '.')";
  const blob = made("z.zip", "python3", "-c", script);
  expect((await namesIn(blob, "z.zip"))!.toSorted()).toEqual(files.toSorted());
});

it("leaves what it can't read to the server", async () => {
  expect(await namesIn(new Blob(["no archive"]), "z.zip")).toBeNull();
  expect(await namesIn(new Blob(["no archive"]), "t.tar.gz")).toBeNull();
  expect(await namesIn(new Blob(["zstd"]), "t.tar.zst")).toBeNull();
});
