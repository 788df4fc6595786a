/** The rows of a search's result: files, and below each the lines of its hits. Pure. */
import type { SearchHit } from "@/api/search";
import { count } from "@/lib/format";

export interface FileRow {
  kind: "file";
  id: string;
  path: string;
  hits: number;
  open: boolean;
}

/** One line of a hit; the lines after the first belong to the same hit. */
export interface LineRow {
  kind: "line";
  id: string;
  hit: SearchHit;
  line: number;
  text: string;
  /** Ranges of the text that match. */
  marks: [number, number][];
  first: boolean;
}

export type ResultRow = FileRow | LineRow;

/** A hit by meaning shows some lines of what was found. */
const LINES_OF_HIT = 3;
/** Leading blanks are cut, and lines with much before the match begin nearer to it. */
const BEFORE_MATCH = 40;
const LINE_LENGTH = 400;

export function rowsOf(hits: readonly SearchHit[], closed: ReadonlySet<string>): ResultRow[] {
  const groups = new Map<string, SearchHit[]>();
  for (const hit of hits) {
    const group = groups.get(hit.path);
    if (group) group.push(hit);
    else groups.set(hit.path, [hit]);
  }
  return [...groups].flatMap(([path, group]): ResultRow[] => {
    const open = !closed.has(path);
    const file: FileRow = { kind: "file", id: `file:${path}`, path, hits: matchCount(group), open };
    return open ? [file, ...group.flatMap(linesOf)] : [file];
  });
}

/** How many matches hits have; one without a highlight counts as one. */
export function matchCount(hits: readonly SearchHit[]): number {
  return hits.reduce((sum, { highlights }) => sum + Math.max(1, highlights.length), 0);
}

function linesOf(hit: SearchHit, index: number): LineRow[] {
  const lines = hit.snippet.split("\n");
  // Lines of one hit keep their indentation against the first.
  const indent = blanksOf(lines.find((text) => text.trim()) ?? "");
  let offset = 0;
  const rows: LineRow[] = [];
  for (const [at, text] of lines.entries()) {
    const marks = marksWithin(hit.highlights, offset, text.length);
    offset += text.length + 1;
    const line = firstLine(hit) + at;
    // Context around a match is left out; what has no match of its own is shown from its beginning.
    if (hit.highlights.length ? marks.length : line >= hit.start_line && text.trim())
      rows.push({ ...shortened(text, marks, indent), kind: "line", id: "", hit, line, first: false });
  }
  const shown = rows.slice(0, LINES_OF_HIT);
  return shown.map((row, at) => ({ ...row, id: `${hit.path}:${index}:${at}`, first: at === 0 }));
}

export function firstLine({ snippet_line, start_line }: SearchHit): number {
  return snippet_line || start_line;
}

function marksWithin(highlights: SearchHit["highlights"], offset: number, length: number): [number, number][] {
  return highlights
    .map(([start, end]): [number, number] => [Math.max(0, start - offset), Math.min(length, end - offset)])
    .filter(([start, end]) => start < end && start < length && end > 0);
}

const blanksOf = (text: string) => text.length - text.trimStart().length;

function shortened(text: string, marks: [number, number][], indent: number): { text: string; marks: [number, number][] } {
  const blanks = blanksOf(text);
  const first = marks[0]?.[0] ?? indent;
  const far = first - BEFORE_MATCH > blanks;
  const cut = far ? first - BEFORE_MATCH : Math.min(blanks, first);
  const lead = far ? "…" : "";
  const shift = lead.length - cut;
  const kept =
    lead +
    text
      .slice(cut, cut + LINE_LENGTH)
      .replaceAll("\t", " ")
      .replaceAll("\r", "");
  const moved = marks.map(([start, end]): [number, number] => [start + shift, Math.min(kept.length, end + shift)]);
  return { text: kept, marks: moved.filter(([start, end]) => start < end) };
}

export interface Place {
  line: number;
  /** From 1, in UTF-16 code units. */
  column: number;
}

/** Where an offset of a hit's snippet is in the file. */
export function placeOf(hit: SearchHit, offset: number): Place {
  const before = hit.snippet.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: firstLine(hit) + before.split("\n").length - 1, column: offset - lineStart + 1 };
}

/** Where a row leads: its first match, else the beginning of its line. */
export function targetOf(row: LineRow): { from: Place; to: Place } {
  const { hit, line } = row;
  const on = hit.highlights
    .map(([start, end]) => ({ from: placeOf(hit, start), to: placeOf(hit, end) }))
    .find(({ from }) => from.line === line);
  const start = { line, column: 1 };
  return on ?? { from: start, to: start };
}

/** "12 results in 3 files" */
export function summary(hits: readonly SearchHit[], truncated: boolean): string {
  if (!hits.length) return "No results";
  const files = new Set(hits.map(({ path }) => path)).size;
  const matches = matchCount(hits);
  return `${truncated ? "More than " : ""}${count(matches, "result")} in ${count(files, "file")}`;
}
