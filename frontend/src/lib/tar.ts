/** Writes ustar archives: what a browser needs to send a folder in one request. Pure. */
const BLOCK = 512;
const encoder = new TextEncoder();

export interface Member {
  path: string;
  size: number;
  data: BlobPart;
}

/** The archive's parts, to be joined by a Blob without copying the files. */
export function tarParts(members: readonly Member[], mtime = Math.floor(Date.now() / 1000)): BlobPart[] {
  const parts: BlobPart[] = [];
  for (const { path, size, data } of members) {
    if (encoder.encode(path).length > 100) parts.push(...longName(path, mtime));
    parts.push(header(path, size, mtime, "0"), data, padding(size));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  return parts;
}

/** A GNU long-name record goes before a member whose path does not fit its header. */
function longName(path: string, mtime: number): BlobPart[] {
  const name = encoder.encode(`${path}\0`);
  return [header("././@LongLink", name.length, mtime, "L"), name, padding(name.length)];
}

function header(path: string, size: number, mtime: number, type: string): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  const put = (text: string, at: number, length: number) => block.set(encoder.encode(text).subarray(0, length), at);
  const octal = (value: number, length: number) => value.toString(8).padStart(length - 1, "0");
  put(path, 0, 100);
  put(octal(0o644, 8), 100, 7);
  put(octal(0, 8), 108, 7);
  put(octal(0, 8), 116, 7);
  put(octal(size, 12), 124, 11);
  put(octal(mtime, 12), 136, 11);
  put("        ", 148, 8);
  put(type, 156, 1);
  put("ustar\x0000", 257, 8);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(`${octal(sum, 7)}\0 `, 148, 8);
  return block;
}

function padding(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);
}
