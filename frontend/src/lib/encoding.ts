/** Text as bytes: which encoding it is in, reading and writing it. Pure. The platform reads all of them, and writes UTF-8 only. */
export type Encoding = "utf-8" | "utf-8-bom" | "utf-16le" | "utf-16be" | "windows-1252";

export const ENCODINGS: Readonly<Record<Encoding, { label: string; detail: string }>> = {
  "utf-8": { label: "UTF-8", detail: "the usual" },
  "utf-8-bom": { label: "UTF-8 with BOM", detail: "Windows, Excel" },
  "utf-16le": { label: "UTF-16 LE", detail: "Windows" },
  "utf-16be": { label: "UTF-16 BE", detail: "Java, old Macs" },
  "windows-1252": { label: "Latin-1", detail: "Windows-1252" },
};

export const BOM = "\uFEFF";
/** As many bytes decide whether a file without a mark is text. */
export const SNIFF_BYTES = 65_536;

/** The encoding of a file from its first bytes; null when it looks like no text at all. */
export function sniff(head: Uint8Array): Encoding | null {
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  if (head.slice(0, SNIFF_BYTES).some(isControl)) return null;
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return "utf-8-bom";
  return isUtf8(head) ? "utf-8" : "windows-1252";
}

/** Control characters that no text has; tab, line feed, form feed, carriage return and escape occur. */
function isControl(byte: number): boolean {
  return (byte < 0x20 && ![0x09, 0x0a, 0x0c, 0x0d, 0x1b].includes(byte)) || byte === 0x7f;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    // The head may end within a character.
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** The text without a byte-order mark. */
export function decode(bytes: Uint8Array, encoding: Encoding): string {
  return new TextDecoder(encoding === "utf-8-bom" ? "utf-8" : encoding).decode(bytes);
}

/** The bytes of a text. A character that the encoding does not have is named in the error. */
export function encode(text: string, encoding: Encoding): Uint8Array<ArrayBuffer> {
  switch (encoding) {
    case "utf-8":
      return new TextEncoder().encode(text);
    case "utf-8-bom":
      return new TextEncoder().encode(BOM + text);
    case "utf-16le":
    case "utf-16be":
      return utf16(BOM + text, encoding === "utf-16le");
    case "windows-1252":
      return singleBytes(text);
  }
}

function utf16(text: string, littleEndian: boolean): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let at = 0; at < text.length; at++) view.setUint16(at * 2, text.charCodeAt(at), littleEndian);
  return new Uint8Array(view.buffer);
}

let byteOf: Map<string, number> | null = null;

function singleBytes(text: string): Uint8Array<ArrayBuffer> {
  byteOf ??= new Map(Array.from({ length: 256 }, (_, byte) => [decode(Uint8Array.of(byte), "windows-1252"), byte]));
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const byte = byteOf.get(text[at]!);
    if (byte === undefined) throw new UnencodableError(String.fromCodePoint(text.codePointAt(at)!));
    bytes[at] = byte;
  }
  return bytes;
}

export class UnencodableError extends Error {
  constructor(readonly character: string) {
    super(`Latin-1 has no “${character}”; choose UTF-8 in the status bar`);
    this.name = "UnencodableError";
  }
}
