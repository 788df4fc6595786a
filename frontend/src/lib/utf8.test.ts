import { expect, it } from "vitest";
import { utf8Length } from "./utf8";

it("counts as the encoder does", () => {
  for (const text of ["", "plain", "grüße", "日本語", "🎯 in 🎯", "\u07ff\u0800\uffff", "\x1b[31mred\x1b[0m\r\n", "日🎯x".repeat(90_000)]) {
    expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
  }
});
