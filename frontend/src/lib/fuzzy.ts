/**
 * Fuzzy search over paths, fast enough for 100,000 of them while typing: all letters are in one packed
 * array, a letter mask rejects most candidates with one AND, and a longer query searches only the matches
 * of the shorter one.
 */
export interface Match {
  path: string;
  score: number;
  /** Positions in `path` that matched. */
  positions: number[];
}

/** Paths packed between two checks of the clock. */
const SLICE = 2000;
/** Set in a packed letter that begins a word. */
const HEAD = 0x8000;
const LETTER = 0x7fff;
const SLASH = 47;

export class FuzzyIndex {
  /** Lower-cased letters of all paths, one after another, each with its HEAD mark. */
  private letters: Uint16Array;
  /** Where each path begins, and after the last one where it ends. */
  private readonly starts: Uint32Array;
  /** Where each path's name begins. */
  private readonly bases: Uint32Array;
  private readonly masks: Int32Array;
  private packed = 0;
  private lastQuery = "";
  private readonly found: Uint32Array;
  private foundCount = 0;

  constructor(private readonly paths: readonly string[]) {
    const length = paths.reduce((sum, path) => sum + path.length, 0);
    this.letters = new Uint16Array(length);
    this.starts = new Uint32Array(paths.length + 1);
    this.bases = new Uint32Array(paths.length);
    this.masks = new Int32Array(paths.length);
    this.found = new Uint32Array(paths.length);
  }

  /** Packs a slice of the paths, so that the work can be spread over idle moments; true when all are. */
  prepare(slice = SLICE): boolean {
    const end = Math.min(this.paths.length, this.packed + slice);
    while (this.packed < end) this.pack(this.packed++);
    return end === this.paths.length;
  }

  search(text: string, limit = 50): Match[] {
    const query = lower(text).replace(/\s+/g, "");
    if (!query) return [];
    while (!this.prepare(Infinity));
    const codes = Uint16Array.from(query, (_, index) => query.charCodeAt(index) & LETTER);
    const narrowed = this.lastQuery !== "" && query.startsWith(this.lastQuery);
    const best = this.sweep(codes, letterMask(query), limit, narrowed);
    this.lastQuery = query;
    return best.sorted().map(({ index, score }) => ({ path: this.paths[index]!, score, positions: this.positionsOf(index, codes) }));
  }

  /** Scores the candidates: all paths, or what the last query left of them; keeps those that match for the next. */
  private sweep(codes: Uint16Array, mask: number, limit: number, narrowed: boolean): Best {
    const { masks, found, starts } = this;
    const size = narrowed ? this.foundCount : this.paths.length;
    const best = new Best(limit, starts);
    let count = 0;
    for (let at = 0; at < size; at++) {
      const index = narrowed ? found[at]! : at;
      if ((masks[index]! & mask) !== mask) continue;
      const score = this.score(index, codes);
      if (score === NONE) continue;
      found[count++] = index;
      best.offer(index, score);
    }
    this.foundCount = count;
    return best;
  }

  private pack(index: number): void {
    const path = this.paths[index]!;
    const small = lower(path);
    const start = this.starts[index]!;
    this.starts[index + 1] = start + path.length;
    this.bases[index] = start + path.lastIndexOf("/") + 1;
    let mask = 0;
    for (let at = 0; at < path.length; at++) {
      const code = small.charCodeAt(at);
      mask |= bit(code);
      this.letters[start + at] = (code & LETTER) | (isHead(path, at) ? HEAD : 0);
    }
    this.masks[index] = mask;
  }

  /** Exact and prefix matches of the name come first, then substrings, then scattered letters. */
  private score(index: number, codes: Uint16Array): number {
    const start = this.starts[index]!;
    const base = this.bases[index]!;
    const end = this.starts[index + 1]!;
    const short = (start - end) / 100;
    const inName = this.indexOf(codes, base, end);
    if (inName === base) return (end - base === codes.length ? 1200 : 1000) + short;
    if (inName >= 0) return (this.letters[inName]! & HEAD ? 850 : 700) + short;
    const anywhere = this.indexOf(codes, start, end);
    if (anywhere >= 0) return (this.letters[anywhere]! & HEAD ? 600 : 500) + short;
    if (codes.length === 1) return NONE;
    const scattered = this.scatter(codes, base, end, 200);
    if (scattered !== NONE || base === start) return scattered === NONE ? NONE : scattered + short;
    const wide = this.scatter(codes, start, end, 50);
    return wide === NONE ? NONE : wide + short;
  }

  private indexOf(codes: Uint16Array, from: number, end: number): number {
    const { letters } = this;
    const first = codes[0]!;
    const last = end - codes.length;
    for (let at = from; at <= last; at++) {
      if ((letters[at]! & LETTER) !== first) continue;
      let next = 1;
      while (next < codes.length && (letters[at + next]! & LETTER) === codes[next]) next++;
      if (next === codes.length) return at;
    }
    return -1;
  }

  /** Letters in order with gaps: those that follow each other or begin words count more. */
  private scatter(codes: Uint16Array, from: number, end: number, worth: number): number {
    const { letters } = this;
    let at = from;
    let score = worth;
    let last = -2;
    for (let index = 0; index < codes.length; index++) {
      const code = codes[index]!;
      const began = at;
      while (at < end && (letters[at]! & LETTER) !== code) at++;
      if (at === end) return NONE;
      if (at === last + 1) score += 12;
      else if (letters[at]! & HEAD) score += 20;
      else score -= Math.min(6, at - began);
      last = at++;
    }
    return score;
  }

  private positionsOf(index: number, codes: Uint16Array): number[] {
    const start = this.starts[index]!;
    const end = this.starts[index + 1]!;
    const inName = this.indexOf(codes, this.bases[index]!, end);
    const whole = inName >= 0 ? inName : this.indexOf(codes, start, end);
    if (whole >= 0) return Array.from(codes, (_, offset) => whole - start + offset);
    let at = this.scatter(codes, this.bases[index]!, end, 0) === NONE ? start : this.bases[index]!;
    return Array.from(codes, (code) => {
      while ((this.letters[at]! & LETTER) !== code) at++;
      return at++ - start;
    });
  }
}

const NONE = -Infinity;

/** Keeps the best few without sorting the rest; the shorter path wins, then the earlier. */
class Best {
  private items: { index: number; score: number }[] = [];
  private worst = -Infinity;
  constructor(
    private readonly limit: number,
    private readonly starts: Uint32Array,
  ) {}

  offer(index: number, score: number): void {
    if (score <= this.worst) return;
    this.items.push({ index, score });
    if (this.items.length >= this.limit * 2) this.shrink();
  }

  sorted(): { index: number; score: number }[] {
    this.shrink();
    return this.items;
  }

  private shrink(): void {
    this.items.sort((a, b) => b.score - a.score || this.length(a.index) - this.length(b.index) || a.index - b.index);
    this.items.length = Math.min(this.items.length, this.limit);
    if (this.items.length === this.limit) this.worst = this.items[this.limit - 1]!.score;
  }

  private length(index: number): number {
    return this.starts[index + 1]! - this.starts[index]!;
  }
}

/** Of the same length as the text, whatever the language: positions must stay. */
function lower(text: string): string {
  const small = text.toLowerCase();
  return small.length === text.length
    ? small
    : Array.from(text, (letter) => (letter.toLowerCase().length === letter.length ? letter.toLowerCase() : letter)).join("");
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
  if (code === SLASH) return 1 << 29;
  return 1 << 30;
}

/** A word begins after a separator or at a capital. */
function isHead(path: string, at: number): boolean {
  if (at === 0) return true;
  const before = path.charCodeAt(at - 1);
  if (before === SLASH || before === 95 || before === 45 || before === 46 || before === 32) return true;
  const here = path.charCodeAt(at);
  if (here < 128 && before < 128) return here >= 65 && here <= 90 && !(before >= 65 && before <= 90);
  return path[at] !== path[at]!.toLowerCase() && path[at - 1] === path[at - 1]!.toLowerCase();
}
