/**
 * Fuzzy search over paths, made for 100,000 of them at the speed of typing: a letter mask throws out
 * most candidates with one AND, a longer query searches only what the shorter one found.
 */
export interface Match {
  path: string;
  score: number;
  /** Positions in `path` that matched. */
  positions: number[];
}

interface Entry {
  path: string;
  lower: string;
  base: number;
}

function letterMask(text: string): number {
  let mask = 0;
  for (let index = 0; index < text.length; index++) mask |= bit(text.charCodeAt(index));
  return mask;
}

function bit(code: number): number {
  if (code >= 97 && code <= 122) return 1 << (code - 97);
  if (code >= 48 && code <= 57) return 1 << 26;
  if (code === 46) return 1 << 27;
  if (code === 95 || code === 45) return 1 << 28;
  if (code === 47) return 1 << 29;
  return 1 << 30;
}

export class FuzzyIndex {
  private readonly entries: Entry[];
  /** Beside the entries, not in them: one sweep over numbers decides for most that they are out. */
  private readonly masks: Int32Array;
  private lastQuery = "";
  private lastFound: number[] = [];

  constructor(paths: readonly string[]) {
    this.entries = paths.map((path) => ({ path, lower: path.toLowerCase(), base: path.lastIndexOf("/") + 1 }));
    this.masks = Int32Array.from(this.entries, ({ lower }) => letterMask(lower));
  }

  search(text: string, limit = 50): Match[] {
    const query = text.toLowerCase().replace(/\s+/g, "");
    if (!query) return [];
    const { entries, masks } = this;
    const pool = this.lastQuery && query.startsWith(this.lastQuery) ? this.lastFound : null;
    const size = pool?.length ?? entries.length;
    const mask = letterMask(query);
    const found: number[] = [];
    const best = new Best(limit);
    for (let at = 0; at < size; at++) {
      const index = pool ? pool[at]! : at;
      if ((masks[index]! & mask) !== mask) continue;
      const entry = entries[index]!;
      const score = quickScore(entry, query);
      if (score === null) continue;
      found.push(index);
      best.offer(entry, score);
    }
    this.lastQuery = query;
    this.lastFound = found;
    return best.sorted().map(({ entry, score }) => ({ path: entry.path, score, positions: positionsOf(entry, query) }));
  }
}

/** Keeps the best few without sorting the rest. */
class Best {
  private items: { entry: Entry; score: number }[] = [];
  private worst = -Infinity;
  constructor(private readonly limit: number) {}

  offer(entry: Entry, score: number): void {
    if (this.items.length >= this.limit * 2) this.shrink();
    if (this.items.length >= this.limit && score <= this.worst) return;
    this.items.push({ entry, score });
  }

  sorted(): { entry: Entry; score: number }[] {
    this.shrink();
    return this.items;
  }

  private shrink(): void {
    this.items.sort((a, b) => b.score - a.score || a.entry.path.length - b.entry.path.length);
    this.items.length = Math.min(this.items.length, this.limit);
    if (this.items.length === this.limit) this.worst = this.items[this.limit - 1]!.score;
  }
}

/** Exact and prefix matches of the name come first, then substrings, then scattered letters; null: no match. */
function quickScore(entry: Entry, query: string): number | null {
  const { lower, base } = entry;
  const inName = lower.indexOf(query, base);
  const short = -lower.length / 100;
  if (inName === base) return (lower.length - base === query.length ? 1200 : 1000) + short;
  if (inName > 0) return (isStart(entry.path, inName) ? 850 : 700) + short;
  const anywhere = lower.indexOf(query);
  if (anywhere >= 0) return (isStart(entry.path, anywhere) ? 600 : 500) + short;
  const scattered = scatter(entry, query, base) ?? scatter(entry, query, 0);
  return scattered === null ? null : scattered + short;
}

/** Greedy from the end of what is left, so that the match leans to the name. */
function scatter(entry: Entry, query: string, from: number): number | null {
  let at = from;
  let score = from > 0 ? 200 : 50;
  let last = -2;
  for (let index = 0; index < query.length; index++) {
    const found = entry.lower.indexOf(query[index]!, at);
    if (found < 0) return null;
    if (found === last + 1) score += 12;
    else if (isStart(entry.path, found)) score += 20;
    else score -= Math.min(6, found - at);
    last = found;
    at = found + 1;
  }
  return score;
}

/** A word starts after a separator or at a capital. */
function isStart(path: string, index: number): boolean {
  if (index === 0) return true;
  const before = path[index - 1]!;
  if (before === "/" || before === "_" || before === "-" || before === "." || before === " ") return true;
  const here = path[index]!;
  return here !== here.toLowerCase() && before === before.toLowerCase();
}

function positionsOf(entry: Entry, query: string): number[] {
  const inName = entry.lower.indexOf(query, entry.base);
  const start = inName >= 0 ? inName : entry.lower.indexOf(query);
  if (start >= 0) return Array.from(query, (_, index) => start + index);
  const from = scatter(entry, query, entry.base) === null ? 0 : entry.base;
  const positions: number[] = [];
  let at = from;
  for (const letter of query) {
    const found = entry.lower.indexOf(letter, at);
    positions.push(found);
    at = found + 1;
  }
  return positions;
}
