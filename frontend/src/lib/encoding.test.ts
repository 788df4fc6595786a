import { expect, it } from "vitest";
import { decode, encode, ENCODINGS, sniff, type Encoding } from "./encoding";

const text = "Zürich, 5 ¥\r\nnaïve\n";
const all = Object.keys(ENCODINGS) as Encoding[];

it.each(all)("reads and writes %s without a loss, and recognises it", (encoding) => {
  const bytes = encode(text, encoding);
  expect(sniff(bytes)).toBe(encoding);
  expect(decode(bytes, encoding)).toBe(text);
});

it("keeps every byte of a Latin-1 file", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  expect(encode(decode(bytes, "windows-1252"), "windows-1252")).toEqual(bytes);
});

it("takes no binary for text", () => {
  expect(sniff(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a))).toBeNull();
  expect(sniff(Uint8Array.of(1, 0, 2, 0, 255))).toBeNull();
  expect(sniff(new Uint8Array())).toBe("utf-8");
});

it("knows UTF-8 that is cut off within a character", () => {
  expect(sniff(new TextEncoder().encode("aé").slice(0, 2))).toBe("utf-8");
});

it("names a character that does not fit", () => {
  expect(() => encode("a 🎯 b", "windows-1252")).toThrow("Latin-1 has no “🎯”");
});
