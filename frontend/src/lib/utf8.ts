const encoder = new TextEncoder();
const scratch = new Uint8Array(256_000);

/** The length of a text in UTF-8 bytes, without allocating a copy of it. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length;) {
    const { read, written } = encoder.encodeInto(at ? text.slice(at) : text, scratch);
    at += read;
    bytes += written;
  }
  return bytes;
}
