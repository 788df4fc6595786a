import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, makeProject, row, signedIn, test } from "./support";

test("a symbolic link shows its icon and where it leads", async ({ page }) => {
  const token = await signedIn(page);
  const project = await makeProject(page.request, token, {});
  const folder = mkdtempSync(path.join(tmpdir(), "links-"));
  writeFileSync(path.join(folder, "v2.py"), "print(2)\n");
  symlinkSync("v2.py", path.join(folder, "current.py"));
  execFileSync("tar", ["-cf", "links.tar", "v2.py", "current.py"], { cwd: folder });
  const file = { name: "links.tar", mimeType: "application/x-tar", buffer: readFileSync(path.join(folder, "links.tar")) };
  rmSync(folder, { recursive: true });
  const headers = { Authorization: `Bearer ${token}` };
  expect((await page.request.post(`/api/v1/code/${project}/upload`, { headers, multipart: { file } })).ok()).toBe(true);
  await page.goto(`/?project=${project}`);
  const link = row(page, "current.py, link to v2.py");
  await expect(link).toContainText("current.py → v2.py");
  await expect(link.locator("svg.lucide-file-symlink")).toBeVisible();
  await expect(row(page, "v2.py").locator("svg.lucide-file-symlink")).toHaveCount(0);
});
