import { describe, expect, it } from "vitest";
import { outline, symbolsAt } from "./outline";

const names = (language: string, text: string) =>
  outline(language, text.split("\n")).map((symbol) => `${" ".repeat(symbol.depth)}${symbol.name}`);

describe("outline", () => {
  it.each([
    ["python", "class A:\n    def f(self):\n        pass\nasync def g():\n    pass", ["A", " f", "g"]],
    ["rust", "pub struct S;\nimpl S {\n    pub fn new() -> Self {\n    }\n}", ["S", "S", " new"]],
    ["go", "type T struct {\n}\nfunc (t *T) Do() {\n}", ["T", "Do"]],
    ["ruby", "class A\n  def go!\n  end\nend", ["A", " go!"]],
    ["java", "public class A {\n  public static void main(String[] args) {\n  }\n}", ["A", " main"]],
    ["c", "struct p { int x; };\nint main(void) {\n  return f(1);\n}", ["main"]],
    ["shell", "build() {\n  make\n}", ["build"]],
    ["typescript", "export class A {\n  go(): void {\n  }\n}\nexport const f = (x: number) => x;", ["A", " go", "f"]],
    ["markdown", "# One\n## Two\n```\n# not one\n```", ["One", " Two"]],
  ])("reads %s", (language, text, expected) => {
    expect(names(language, text)).toEqual(expected);
  });

  it("finds the symbols around a line", () => {
    const symbols = outline("python", "class A:\n    def f(self):\n        pass\n\n    def g(self):\n        pass\n\nx = 1".split("\n"));
    expect(symbolsAt(symbols, 6).map((symbol) => symbol.name)).toEqual(["A", "g"]);
    expect(symbolsAt(symbols, 8)).toEqual([]);
  });
});
