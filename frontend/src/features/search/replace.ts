/** Replacing what was found: which parts of a text change, and into what. Pure. */
import type { SearchHit } from "@/api/search";
import { placeOf } from "./rows";

export interface Replacement {
  /** Of the text with `\n` for line ends. */
  start: number;
  end: number;
  text: string;
}

export interface Pattern {
  text: string;
  regex: boolean;
  matchCase: boolean;
}

/** What stands in the place of a match. In the replacement of a regular expression `$1` is its first group. */
export function replacer({ text, regex, matchCase }: Pattern, replacement: string): (match: string) => string {
  const expression = regex ? compiled(text, matchCase) : null;
  if (!expression) return () => replacement;
  return (match) => {
    const groups = expression.exec(match);
    return groups && groups[0] === match ? expand(replacement, groups) : replacement;
  };
}

/** The server's syntax as the browser's; null where that has no equal. */
function compiled(text: string, matchCase: boolean): RegExp | null {
  const inline = /^\(\?([imsx]+)\)/.exec(text);
  const flags = new Set(`u${matchCase ? "" : "i"}${(inline?.[1] ?? "").replace("x", "")}`);
  const source = text.slice(inline?.[0].length ?? 0).replaceAll("(?P<", "(?<");
  try {
    return new RegExp(`^(?:${source})$`, [...flags].join(""));
  } catch {
    return null;
  }
}

/** As editors do it: `$1`, `${1}`, `$name`, `$0` or `$&`, `$$`, and `\n`, `\t`, `\\`. */
function expand(replacement: string, groups: RegExpExecArray): string {
  return replacement.replace(
    /\$\$|\$&|\$\{(\w+)\}|\$(\d{1,2}|[A-Za-z_]\w*)|\\([nt\\])/g,
    (all, braced?: string, plain?: string, escape?: string) => {
      if (all === "$$") return "$";
      if (all === "$&") return groups[0];
      if (escape) return { n: "\n", t: "\t" }[escape] ?? "\\";
      const name = braced ?? plain!;
      const group = /^\d+$/.test(name) ? groups[Number(name)] : groups.groups?.[name];
      return group ?? (/^\d+$/.test(name) && Number(name) < groups.length ? "" : all);
    },
  );
}

export interface Planned {
  replacements: Replacement[];
  /** Hits whose text is not there any more. */
  stale: number;
}

/** The replacements in the text of a file, for the hits in it. */
export function planned(text: string, hits: readonly SearchHit[], replace: (match: string) => string): Planned {
  const starts = lineStarts(text);
  const replacements: Replacement[] = [];
  let stale = 0;
  for (const hit of hits) {
    for (const [from, to] of hit.highlights) {
      const match = hit.snippet.slice(from, to).replaceAll("\r\n", "\n");
      const place = placeOf(hit, from);
      const start = (starts[place.line - 1] ?? Number.NaN) + place.column - 1;
      if (text.slice(start, start + match.length) !== match || !match) stale++;
      else replacements.push({ start, end: start + match.length, text: replace(match) });
    }
  }
  return { replacements: apart(replacements), stale };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** In order, without those that touch one before. */
function apart(replacements: Replacement[]): Replacement[] {
  let end = -1;
  return replacements
    .toSorted((a, b) => a.start - b.start)
    .filter((one) => {
      if (one.start < end) return false;
      end = one.end;
      return true;
    });
}

export function applied(text: string, replacements: readonly Replacement[]): string {
  let at = 0;
  const parts: string[] = [];
  for (const { start, end, text: by } of replacements) {
    parts.push(text.slice(at, start), by);
    at = end;
  }
  return parts.join("") + text.slice(at);
}
