/** Searching a project's files. The answer is checked before it is used: it comes from workers of any version. */
import * as v from "valibot";
import { json } from "./http";
import type { Id } from "./types";

export type SearchMode = "hybrid" | "lexical" | "semantic" | "symbol" | "regex" | "text" | "path";

export interface SearchQuery {
  q: string;
  mode: SearchMode;
  /** Whether upper and lower case are told apart; without it the mode decides. */
  case?: boolean;
  lang?: string;
  /** A glob that the paths must match; with `!` in front, that they must not. */
  path?: string;
  limit?: number;
  /** Texts that count instead of the saved files. */
  buffers?: { path: string; text: string }[];
}

const range = v.tuple([v.number(), v.number()]);

const hit = v.looseObject({
  project_id: v.string(),
  file_id: v.nullish(v.string()),
  path: v.string(),
  language: v.nullish(v.string()),
  symbol: v.nullish(v.looseObject({ name: v.string(), kind: v.string(), scope: v.nullish(v.string()) })),
  /** From 1; both included. */
  start_line: v.number(),
  end_line: v.number(),
  snippet: v.string(),
  /** The line that the snippet begins with. */
  snippet_line: v.nullish(v.number()),
  /** Ranges `[start, end)` of the snippet, in UTF-16 code units. */
  highlights: v.array(range),
  score: v.number(),
});

const answer = v.looseObject({
  took_ms: v.number(),
  coverage: v.looseObject({
    files: v.number(),
    indexed: v.number(),
    chunks: v.nullish(v.number()),
    embedded: v.number(),
    skipped: v.number(),
  }),
  exact: v.boolean(),
  truncated: v.nullish(v.boolean()),
  hits: v.array(hit),
  notes: v.nullish(v.array(v.string())),
});

export type SearchHit = v.InferOutput<typeof hit>;
export type SearchAnswer = v.InferOutput<typeof answer>;
export type Coverage = SearchAnswer["coverage"];

export function parseAnswer(value: unknown): SearchAnswer {
  const read = v.safeParse(answer, value);
  if (!read.success) throw new Error("The answer of the search can't be read");
  return read.output;
}

/** Text that is not saved makes it a POST, because it may be long. */
export async function search(project: Id, query: SearchQuery, signal?: AbortSignal): Promise<SearchAnswer> {
  const path = `/code/${encodeURIComponent(project)}/search`;
  const { buffers, ...rest } = query;
  if (buffers?.length) {
    const body = { ...query, case: caseWord(query.case) };
    return parseAnswer(await json(path, { method: "POST", json: body, signal }));
  }
  return parseAnswer(await json(`${path}?${parametersOf(rest)}`, { signal }));
}

function caseWord(matters: boolean | undefined): string | undefined {
  return matters === undefined ? undefined : matters ? "sensitive" : "insensitive";
}

export function parametersOf(query: Omit<SearchQuery, "buffers">): string {
  const all = { ...query, case: caseWord(query.case) };
  const given = Object.entries(all).filter(([, value]) => value !== undefined && value !== "");
  return new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString();
}
