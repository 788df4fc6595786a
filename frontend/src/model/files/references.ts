/** Finds `file:line` in program output and the project's file that is meant. Pure. */
export interface Reference {
  path: string;
  line: number;
  column?: number;
  /** Where the reference stands in its line of text. */
  start: number;
  end: number;
}

const PYTHON = /File "([^"]+)", line (\d+)/g;
const NAMED = /((?:[\w.@+-]*\/)*[\w.@+-]+\.[A-Za-z]\w{0,5}):(\d+)(?::(\d+))?/g;
const SHELL = /([\w./-]+\.(?:sh|bash)): line (\d+)/g;

export function references(line: string): Reference[] {
  const found: Reference[] = [];
  for (const pattern of [PYTHON, SHELL, NAMED]) {
    for (const match of line.matchAll(pattern)) {
      const start = match.index;
      const end = start + match[0].length;
      if (found.some((other) => start < other.end && other.start < end)) continue;
      found.push({
        path: match[1]!,
        line: Number(match[2]),
        start,
        end,
        ...(match[3] ? { column: Number(match[3]) } : {}),
      });
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

/**
 * The project's file behind a path as a program sees it: the sandbox puts the project somewhere, so
 * the longest matching end of the path wins.
 */
export function resolvePath(seen: string, exists: (path: string) => boolean): string | null {
  const parts = seen
    .replace(/^(?:\.\/)+/, "")
    .split("/")
    .filter((part) => part && part !== ".");
  for (let start = 0; start < parts.length; start++) {
    const path = parts.slice(start).join("/");
    if (exists(path)) return path;
  }
  return null;
}
