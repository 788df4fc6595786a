/** Bytes as rows of a hex view. Pure. */
export const ROW_BYTES = 16;

export interface HexRow {
  offset: string;
  hex: string;
  text: string;
}

const HALF = ROW_BYTES / 2;

export function hexRow(offset: number, bytes: Uint8Array): HexRow {
  const pairs = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
  const hex = `${pairs.slice(0, HALF).join(" ")}  ${pairs.slice(HALF).join(" ")}`;
  return { offset: offset.toString(16).padStart(8, "0"), hex: hex.trimEnd(), text: Array.from(bytes, printable).join("") };
}

function printable(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·";
}

/** Reads `1f0`, `0x1F0` or, with a point in front, decimal: `.496`. */
export function parseOffset(text: string): number | null {
  const [, decimal, hex] = /^(?:\.(\d+)|(?:0x)?([0-9a-f]+))$/i.exec(text.trim()) ?? [];
  if (decimal !== undefined) return Number(decimal);
  return hex === undefined ? null : parseInt(hex, 16);
}

/** Browsers draw no element that is much higher; of longer files each step of the scroll bar covers several rows. */
const MAX_HEIGHT = 10_000_000;

/** How rows are placed in a scrolled box. */
export function hexLayout(rows: number, rowHeight: number, top: number, height: number) {
  const full = rows * rowHeight;
  const total = Math.min(full, MAX_HEIGHT);
  const fitting = Math.ceil(height / rowHeight) + 1;
  const range = Math.max(1, total - height);
  const first = Math.floor((Math.min(top, range) / range) * Math.max(0, rows - Math.floor(height / rowHeight)));
  return { total, first, count: Math.min(fitting, rows - first) };
}
