const encoder = new TextEncoder();
const scratch = new Uint8Array(256_000);

/** How many bytes a text has in UTF-8. A flood of output is only counted: no copy of it is left to be collected. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length;) {
    const { read, written } = encoder.encodeInto(at ? text.slice(at) : text, scratch);
    at += read;
    bytes += written;
  }
  return bytes;
}
