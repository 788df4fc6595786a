import { expect, it } from "vitest";
import { framed } from "./html";

it("leads links out of the frame, or nowhere", () => {
  const page = framed(
    '<!DOCTYPE html><title>T</title><body class="x"><a href="#top" target="_self">up</a><a href="https://example.org/a">out</a><a href="other.html">file</a><a href="javascript:alert(1)">bad</a>',
  );
  expect(page).toBe(
    '<!doctype html><html><head><title>T</title></head><body class="x"><a href="#top">up</a>' +
      '<a href="https://example.org/a" target="_blank" rel="noopener noreferrer">out</a><a>file</a><a>bad</a></body></html>',
  );
  expect(framed("<p>plain")).not.toContain("doctype");
});
