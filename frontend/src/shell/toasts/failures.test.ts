import { expect, it } from "vitest";
import { failureText } from "./failures";

const failed = (path: string, detail = "it is in use") => ({ path, code: "conflict", detail });

it("names what could not be done, in one message", () => {
  expect(failureText("deleted", [failed("src/a.txt")], 1)).toEqual({ text: "a.txt could not be deleted", detail: "it is in use" });
  expect(failureText("moved", [failed("a", "no"), failed("b", "never")], 3)).toEqual({
    text: "2 of 3 items could not be moved",
    detail: "a: no, b: never",
  });
  const many = Array.from({ length: 586 }, (_, n) => failed(`f${n}`));
  expect(failureText("deleted", many, 2000)).toEqual({
    text: "586 of 2,000 items could not be deleted",
    detail: "f0, f1, f2 and 583 more: it is in use",
  });
});
