/** What is searched for, and what was found. */
import { create } from "zustand";
import type { SearchAnswer, SearchHit } from "@/api/search";
import type { Id } from "@/api/types";

/** As people choose it; the API has more. */
export type Mode = "text" | "regex" | "symbol" | "meaning";

export interface Fields {
  text: string;
  mode: Mode;
  matchCase: boolean;
  language: string;
  glob: string;
  replacement: string;
}

interface SearchState extends Fields {
  projectId: Id | null;
  /** The field for the replacement is open. */
  replacing: boolean;
  /** The fields for language and path are open. */
  filtering: boolean;
  status: "idle" | "searching" | "done" | "failed";
  answer: SearchAnswer | null;
  error: unknown;
  /** How many hits are asked for. */
  limit: number;
  /** Files whose hits are hidden. */
  closed: ReadonlySet<string>;
  /** Hits that a person took away. */
  dismissed: ReadonlySet<SearchHit>;
  /** The row that has the keyboard focus. */
  focus: string | null;
}

export const FIRST_HITS = 1000;
export const MOST_HITS = 10_000;

const found = {
  status: "idle" as const,
  answer: null,
  error: null,
  limit: FIRST_HITS,
  closed: new Set<string>(),
  dismissed: new Set<SearchHit>(),
  focus: null,
};

const nothing: SearchState = {
  projectId: null,
  text: "",
  mode: "text",
  matchCase: false,
  language: "",
  glob: "",
  replacement: "",
  replacing: false,
  filtering: false,
  ...found,
};

export const useSearch = create<SearchState>(() => nothing);

export function clearFound(): void {
  useSearch.setState(found);
}

export function leaveSearch(): void {
  useSearch.setState(nothing);
}

/** Only what is found as it stands can be replaced. */
export function canReplace(mode: Mode): boolean {
  return mode === "text" || mode === "regex";
}

/** The hits that are shown, and that a replacement is for. */
export function shownHits({ answer, dismissed }: Pick<SearchState, "answer" | "dismissed">): SearchHit[] {
  return answer ? answer.hits.filter((hit) => !dismissed.has(hit)) : [];
}
