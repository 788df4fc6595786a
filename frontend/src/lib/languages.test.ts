import { describe, expect, it } from "vitest";
import { isProse, knownLanguageOf, languageNamed, languageOf } from "./languages";
import { LANGUAGES } from "./languages.gen";

describe("languages", () => {
  it.each([
    ["src/main.PY", "python", "python"],
    ["Dockerfile", "dockerfile", "dockerfile"],
    ["x/Makefile", "makefile", "makefile"],
    ["pyproject.toml", "toml", "ini"],
    ["a/b.tsx", "tsx", "typescript"],
    ["run.sh", "bash", "shell"],
    ["x.proto", "protobuf", "proto"],
    ["README", "plaintext", "plaintext"],
  ])("knows %s", (path, id, monaco) => {
    const language = languageOf(path);
    expect([language.id, language.monaco]).toEqual([id, monaco]);
  });

  it("knows nothing of a name that only begins with a dot", () => {
    expect(knownLanguageOf(".py")).toBeUndefined();
  });

  it("finds a language by the name of its runtime", () => {
    expect(languageNamed("node")?.mark).toBe("JS");
    expect(languageNamed("cobol")).toBeUndefined();
  });

  it("calls text for people prose", () => {
    expect([isProse("plaintext"), isProse("markdown"), isProse("python")]).toEqual([true, true, false]);
  });

  it("has outline patterns with one name each", () => {
    for (const { outline = [] } of LANGUAGES) {
      for (const { pattern } of outline) expect(new RegExp(`${pattern}|()`).exec("")!.length).toBeGreaterThan(1);
    }
  });
});
