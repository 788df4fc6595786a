import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@playwright/test";

test("openapi.json is the document this server serves; if not: npm run types -- URL", async ({ request }) => {
  const served = await (await request.get("/api/v1/openapi.json")).json();
  const snapshot = JSON.parse(readFileSync(path.resolve(import.meta.dirname, "../openapi.json"), "utf8"));
  expect(snapshot).toEqual(served);
});
