import { describe, expect, it } from "vitest";
import { commonLanguage } from "./language";

const runtimes = [
  { name: "python", extensions: ["py"] },
  { name: "bash", extensions: [".sh", "bash"] },
];

describe("commonLanguage", () => {
  it("is what most files are written in", () => {
    expect(commonLanguage(["run.sh", "a.py", "lib/b.py", "README.md"], runtimes)).toBe("python");
    expect(commonLanguage(["run.sh"], runtimes)).toBe("bash");
  });

  it("is unknown without a source file", () => {
    expect(commonLanguage(["README.md", "data.csv"], runtimes)).toBeUndefined();
  });
});
