// @vitest-environment node
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { schemaText } from "../../scripts/api-types.mjs";

it("the API's types are those of openapi.json; if not: npm run types", async () => {
  const committed = readFileSync(path.join(import.meta.dirname, "schema.d.ts"), "utf8");
  expect(committed).toBe(await schemaText());
});
