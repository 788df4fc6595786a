/**
 * Symbols of a file by its lines: enough for breadcrumbs and "go to symbol" until a language server
 * takes over. Pure.
 */
import { LANGUAGES } from "@/lib/languages.gen";

export type SymbolKind = "class" | "function" | "heading";

export interface OutlineSymbol {
  name: string;
  kind: SymbolKind;
  /** 1-based, both inclusive. */
  line: number;
  endLine: number;
  depth: number;
}

interface Pattern {
  kind: SymbolKind;
  regex: RegExp;
}

/** By Monaco's id; what a language server will know, its folder in `languages/` tells by regular expressions. */
const PATTERNS = new Map<string, Pattern[]>(
  LANGUAGES.filter(({ outline }) => outline).map(({ monaco, outline }) => [
    monaco,
    outline!.map(({ kind, pattern }) => ({ kind, regex: new RegExp(pattern) })),
  ]),
);

/** Monaco's ids of the languages that have an outline here. */
export const OUTLINED: readonly string[] = [...PATTERNS.keys(), "markdown"];

const MAX_LINES = 20_000;
/** Here indentation decides where a symbol ends; elsewhere the next one at its depth or less does as well. */
const TAB = 4;

export function outline(language: string, lines: readonly string[]): OutlineSymbol[] {
  if (lines.length > MAX_LINES) return [];
  if (language === "markdown") return headings(lines);
  const patterns = PATTERNS.get(language);
  if (!patterns) return [];
  const found: (OutlineSymbol & { indent: number })[] = [];
  lines.forEach((line, index) => {
    const symbol = symbolIn(line, patterns);
    if (symbol) found.push({ ...symbol, indent: indentOf(line), line: index + 1, endLine: lines.length, depth: 0 });
  });
  return nested(found, lines);
}

function symbolIn(line: string, patterns: Pattern[]): { name: string; kind: SymbolKind } | null {
  for (const { kind, regex } of patterns) {
    const name = regex.exec(line)?.[1]?.trim();
    if (name) return { name, kind };
  }
  return null;
}

function indentOf(line: string): number {
  let width = 0;
  for (const character of line) {
    if (character === " ") width++;
    else if (character === "\t") width += TAB;
    else break;
  }
  return width;
}

function nested(found: (OutlineSymbol & { indent: number })[], lines: readonly string[]): OutlineSymbol[] {
  const open: typeof found = [];
  for (const symbol of found) {
    while (open.length && open.at(-1)!.indent >= symbol.indent) open.pop();
    symbol.depth = open.length;
    symbol.endLine = endOf(symbol, lines);
    open.push(symbol);
  }
  return found.map(({ indent: _indent, ...symbol }) => symbol);
}

/** The last line that is indented deeper, and a closing brace on the symbol's own indent. */
function endOf(symbol: OutlineSymbol & { indent: number }, lines: readonly string[]): number {
  let last = symbol.line;
  for (let index = symbol.line; index < lines.length; index++) {
    const line = lines[index]!;
    if (!line.trim()) continue;
    if (indentOf(line) > symbol.indent) last = index + 1;
    else return /^\s*(?:[})\]]|end\b|\{)/.test(line) ? index + 1 : last;
  }
  return last;
}

function headings(lines: readonly string[]): OutlineSymbol[] {
  const found: OutlineSymbol[] = [];
  let fenced = false;
  lines.forEach((line, index) => {
    if (line.startsWith("```")) fenced = !fenced;
    const match = fenced ? null : /^(#{1,6})\s+(.+?)\s*#*$/.exec(line);
    if (match) found.push({ name: match[2]!, kind: "heading", depth: match[1]!.length - 1, line: index + 1, endLine: lines.length });
  });
  found.forEach((symbol, index) => {
    const next = found.slice(index + 1).find((other) => other.depth <= symbol.depth);
    if (next) symbol.endLine = next.line - 1;
  });
  return found;
}

/** The symbols around a line, from the outermost in. */
export function symbolsAt(symbols: readonly OutlineSymbol[], line: number): OutlineSymbol[] {
  const around = symbols.filter((symbol) => symbol.line <= line && line <= symbol.endLine);
  return around.filter((symbol, index) => !around.slice(index + 1).some((later) => later.depth <= symbol.depth));
}
