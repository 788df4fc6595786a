import { expect, it } from "vitest";
import { lineEndsOf, withLf, withLineEnds } from "./lineEnds";

it("tells line ends apart", () => {
  expect(["", "a", "a\nb\n", "a\r\nb\r\n", "a\r\nb\n", "a\rb", "\n\r\n", "a\r\n\r\n"].map(lineEndsOf)).toEqual([
    "LF",
    "LF",
    "LF",
    "CRLF",
    "mixed",
    "mixed",
    "mixed",
    "CRLF",
  ]);
});

const mixed = "one\r\ntwo\nthree\r\nfour\r\nfive";

it("gives an unchanged text back as it was", () => {
  for (const text of [mixed, "a\rb\nc\r\n", "\r\n\n"]) expect(withLineEnds(withLf(text), "mixed", text)).toBe(text);
});

it("keeps the line ends of lines that did not change", () => {
  expect(withLineEnds("one\nTWO\nthree\nfour\nfive", "mixed", mixed)).toBe("one\r\nTWO\nthree\r\nfour\r\nfive");
  expect(withLineEnds("zero\none\ntwo\nfour\nfive\nsix", "mixed", mixed)).toBe("zero\r\none\r\ntwo\nfour\r\nfive\r\nsix");
});

it("writes the chosen ones everywhere", () => {
  expect(withLineEnds(withLf(mixed), "CRLF", mixed)).toBe("one\r\ntwo\r\nthree\r\nfour\r\nfive");
  expect(withLineEnds(withLf(mixed), "LF", mixed)).toBe("one\ntwo\nthree\nfour\nfive");
});
