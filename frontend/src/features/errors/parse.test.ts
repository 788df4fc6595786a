import { describe, expect, it } from "vitest";
import { parseErrors } from "./parse";

const cases: [string, string, object[]][] = [
  [
    "python",
    'Traceback (most recent call last):\n  File "/w/a.py", line 9, in <module>\n    f()\n  File "/w/lib/b.py", line 3, in f\n    raise ValueError("no")\nValueError: no',
    [{ path: "/w/lib/b.py", line: 3, message: "ValueError: no", severity: "error" }],
  ],
  [
    "rustc",
    "error[E0308]: mismatched types\n --> src/main.rs:4:9\n  |\nwarning: unused variable: `x`\n --> src/main.rs:2:9",
    [
      { path: "src/main.rs", line: 4, column: 9, message: "mismatched types (E0308)", severity: "error" },
      { path: "src/main.rs", line: 2, column: 9, message: "unused variable: `x`", severity: "warning" },
    ],
  ],
  [
    "gcc",
    "main.c: In function 'main':\nmain.c:3:5: error: 'x' undeclared\nmain.c:4:1: note: see here\nutil.c:1:2: warning: unused",
    [
      { path: "main.c", line: 3, column: 5, severity: "error", message: "'x' undeclared" },
      { path: "util.c", line: 1, column: 2, severity: "warning", message: "unused" },
    ],
  ],
  [
    "go",
    "# command-line-arguments\n./main.go:7:2: undefined: x",
    [{ path: "./main.go", line: 7, column: 2, severity: "error", message: "undefined: x" }],
  ],
  [
    "javac",
    "Main.java:3: error: ';' expected\n    int x\n         ^",
    [{ path: "Main.java", line: 3, severity: "error", message: "';' expected" }],
  ],
  [
    "node",
    "/w/app.js:2\n  throw new TypeError('bad')\n\nTypeError: bad\n    at node:internal/x:1:1\n    at go (/w/app.js:2:9)",
    [{ path: "/w/app.js", line: 2, column: 9, message: "TypeError: bad", severity: "error" }],
  ],
  ["pytest", "tests/test_a.py:8: AssertionError", [{ path: "tests/test_a.py", line: 8, message: "AssertionError", severity: "error" }]],
  ["bash", "run.sh: line 3: foo: command not found", [{ path: "run.sh", line: 3, message: "foo: command not found", severity: "error" }]],
  ["nothing", "all good\n12:30:45 INFO server.py:20 listening", []],
];

describe("parseErrors", () => {
  it.each(cases)("reads %s", (_, output, expected) => {
    expect(parseErrors(output)).toEqual(expected.map((error) => expect.objectContaining(error)));
  });

  it("says the same thing once", () => {
    expect(parseErrors("a.c:1:1: error: x\na.c:1:1: error: x")).toHaveLength(1);
  });

  it("does not choke on a megabyte", () => {
    expect(parseErrors(`${"x".repeat(1_500_000)}\na.c:1:1: error: end`)).toHaveLength(1);
  });
});
