import { describe, expect, it } from "vitest";
import { references, resolvePath } from "./references";

describe("references", () => {
  it.each([
    ['  File "/workspace/src/a.py", line 12, in f', "/workspace/src/a.py", 12, undefined],
    ["src/main.rs:3:9", "src/main.rs", 3, 9],
    ["./main.go:7:2: undefined: x", "./main.go", 7, 2],
    ["Main.java:5: error: ';' expected", "Main.java", 5, undefined],
    ["run.sh: line 3: foo: command not found", "run.sh", 3, undefined],
    ["    at file:///workspace/app.js:10:5", "///workspace/app.js", 10, 5],
  ])("finds the place in %s", (line, path, at, column) => {
    const [found] = references(line);
    expect(found).toMatchObject({ path, line: at });
    expect(found!.column).toBe(column);
  });

  it("takes times and versions for what they are", () => {
    expect(references("finished at 12:30:45, version 1.2.3")).toEqual([]);
  });

  it("finds several in a line, each with its place", () => {
    const line = "a.c:1 and b.c:22";
    expect(references(line).map(({ start, end }) => line.slice(start, end))).toEqual(["a.c:1", "b.c:22"]);
  });
});

describe("resolvePath", () => {
  const files = new Set(["src/a.py", "a.py"]);
  const resolve = (path: string) => resolvePath(path, (candidate) => files.has(candidate));
  it("takes the longest end that exists", () => {
    expect(resolve("/workspace/src/a.py")).toBe("src/a.py");
    expect(resolve("./a.py")).toBe("a.py");
    expect(resolve("/usr/lib/python3/json.py")).toBeNull();
  });
});
