/** Three-way merge by lines. Pure; the merge view shows the pieces and asks about the conflicts. */
import { diff3Merge, diffIndices } from "node-diff3";

export type Piece = { kind: "same"; lines: string[] } | { kind: "conflict"; yours: string[]; base: string[]; theirs: string[] };

export type Choice = "yours" | "theirs" | "both" | null;

const lines = (text: string) => text.replaceAll("\r\n", "\n").split("\n");

/** The lines of `text` that are not the base's: 1-based, both inclusive. */
export function changedLines(base: string, text: string): { from: number; to: number }[] {
  return diffIndices(lines(base), lines(text))
    .map(({ buffer2: [start, length] }) => ({ from: start + 1, to: start + length }))
    .filter(({ from, to }) => to >= from);
}

export function mergePieces(base: string, yours: string, theirs: string): Piece[] {
  return diff3Merge(lines(yours), lines(base), lines(theirs), { excludeFalseConflicts: true }).map((region) =>
    region.conflict
      ? { kind: "conflict", yours: region.conflict.a, base: region.conflict.o, theirs: region.conflict.b }
      : { kind: "same", lines: region.ok ?? [] },
  );
}

export function conflictCount(pieces: readonly Piece[]): number {
  return pieces.filter((piece) => piece.kind === "conflict").length;
}

/** The merge of changes that do not touch each other, with the line ends of `yours`; null when a person has to decide. */
export function mergeApart(base: string, yours: string, theirs: string): string | null {
  const pieces = mergePieces(base, yours, theirs);
  if (conflictCount(pieces)) return null;
  const { text } = mergedText(pieces, []);
  return yours.includes("\r\n") ? text.replaceAll("\n", "\r\n") : text;
}

export interface Span {
  conflict: number;
  /** 1-based lines of the merged text; `to` before `from` means no lines. */
  from: number;
  to: number;
  choice: Choice;
}

export interface Merged {
  text: string;
  spans: Span[];
}

/** The text under the choices made so far. An open conflict shows both sides between markers. */
export function mergedText(pieces: readonly Piece[], choices: readonly Choice[]): Merged {
  const lines: string[] = [];
  const spans: Span[] = [];
  for (const piece of pieces) {
    if (piece.kind === "same") {
      lines.push(...piece.lines);
      continue;
    }
    const choice = choices[spans.length] ?? null;
    const from = lines.length + 1;
    lines.push(...chosen(piece, choice));
    spans.push({ conflict: spans.length, from, to: lines.length, choice });
  }
  return { text: lines.join("\n"), spans };
}

function chosen(piece: Extract<Piece, { kind: "conflict" }>, choice: Choice): string[] {
  switch (choice) {
    case "yours":
      return piece.yours;
    case "theirs":
      return piece.theirs;
    case "both":
      return [...piece.yours, ...piece.theirs];
    case null:
      return ["<<<<<<< yours", ...piece.yours, "=======", ...piece.theirs, ">>>>>>> theirs"];
  }
}

export function hasMarkers(text: string): boolean {
  return /^<{7} yours$/m.test(text) || /^>{7} theirs$/m.test(text);
}
