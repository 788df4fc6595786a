/** Line ends of a text. Pure. Within the studio lines end with `\n`; a file keeps its own. */
import { diffIndices } from "node-diff3";

export type LineEnds = "LF" | "CRLF" | "mixed";

export function lineEndsOf(text: string): LineEnds {
  const windows = text.includes("\r\n");
  const others = /(^|[^\r])\n|\r(?!\n)/.test(text);
  return windows ? (others ? "mixed" : "CRLF") : /\r/.test(text) ? "mixed" : "LF";
}

export const withLf = (text: string) => text.replace(/\r\n?/g, "\n");

/** Writes a text whose lines end with `\n` with the line ends of a file, whose stored text is `stored`. */
export function withLineEnds(text: string, ends: LineEnds, stored: string): string {
  if (ends === "LF") return text;
  return ends === "CRLF" ? text.replaceAll("\n", "\r\n") : withMixedEnds(text, stored);
}

/** Lines that are the same keep their ends; changed ones get the end that most lines have. */
function withMixedEnds(text: string, stored: string): string {
  const old = linesOf(stored);
  const lines = text.split("\n");
  const ends = Array<string>(lines.length).fill(commonEnd(old));
  let shift = 0;
  let at = 0;
  const changes = diffIndices(
    old.map(({ line }) => line),
    lines,
  );
  for (const { buffer1, buffer2 } of changes) {
    for (; at < buffer1[0]; at++) ends[at + shift] = old[at]!.end;
    for (let n = 0; n < Math.min(buffer1[1], buffer2[1]); n++) ends[buffer2[0] + n] = old[buffer1[0] + n]!.end;
    at = buffer1[0] + buffer1[1];
    shift = buffer2[0] + buffer2[1] - at;
  }
  for (; at < old.length; at++) ends[at + shift] = old[at]!.end;
  return lines.map((line, index) => (index < lines.length - 1 ? line + (ends[index] || commonEnd(old)) : line)).join("");
}

interface Line {
  line: string;
  /** Empty for the last line. */
  end: string;
}

function linesOf(text: string): Line[] {
  const parts = text.split(/(\r\n|\r|\n)/);
  return Array.from({ length: (parts.length + 1) / 2 }, (_, n) => ({ line: parts[n * 2]!, end: parts[n * 2 + 1] ?? "" }));
}

function commonEnd(lines: readonly Line[]): string {
  const windows = lines.filter(({ end }) => end === "\r\n").length;
  return windows * 2 > lines.length - 1 ? "\r\n" : "\n";
}
