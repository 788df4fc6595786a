import { expect, it } from "vitest";
import type { Version } from "@/api/types";
import { growth, versionLabel } from "./labels";

const version = (part: Partial<Version>) => ({ cause: "save", created_at: "2026-01-01T12:00:00Z", ...part }) as Version;
const now = Date.parse("2026-01-01T12:03:00Z");

it("says who made a version, how, and when", () => {
  expect(versionLabel(version({ author: { id: 1, name: "Ada" } }), now)).toBe("Saved by Ada, 3 min. ago");
  expect(versionLabel(version({ cause: "sync" }), now)).toBe("Synchronized, 3 min. ago");
  expect(versionLabel(version({ cause: "of a later server" as never }), now)).toBe("of a later server, 3 min. ago");
});

it("tells how each version has grown since the one before", () => {
  expect(growth([{ size: 12 }, { size: 20 }, { size: 5 }] as Version[])).toEqual([-8, 15, null]);
});
