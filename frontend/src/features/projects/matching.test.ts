import { describe, expect, it } from "vitest";
import type { Project } from "@/api/types";
import { matching } from "./actions";

const project = (name: string, updated_at: string, language = "python") => ({ id: name, name, language, updated_at }) as Project;

describe("matching", () => {
  const all = [
    project("old", "2026-05-01T10:00:00Z"),
    project("new", "2026-05-02T10:00:00.5Z"),
    project("go tool", "2026-05-01T12:00:00Z", "go"),
  ];
  const names = (query: string) => matching(all, query).map(({ name }) => name);

  it("puts first what was changed last", () => expect(names("")).toEqual(["new", "go tool", "old"]));
  it("wants every word, of the name or the language", () => {
    expect(names("PYTH ol")).toEqual(["old"]);
    expect(names("go tool")).toEqual(["go tool"]);
    expect(names("nothing")).toEqual([]);
  });
});
