/** What an answer leaves out, said plainly. Pure. */
import { ApiError, messageOf } from "@/api/problem";
import type { SearchAnswer } from "@/api/search";
import { count } from "@/lib/format";
import type { Mode } from "./store";

/** Sentences about what was not searched; empty when all was. */
export function gaps({ coverage, exact, notes }: SearchAnswer, mode: Mode): string[] {
  const { files, indexed, embedded, chunks } = coverage;
  const told: string[] = [];
  if (indexed + coverage.skipped < files) told.push(`${number(indexed)} of ${count(files, "file")} searched: the index is being built.`);
  if (mode === "meaning") told.push(...meaningGap(embedded, chunks ?? embedded));
  for (const note of notes ?? []) told.push(sentence(note));
  if (!exact && !told.length && mode !== "meaning") told.push("Files are changing: some results may be missing.");
  return told;
}

function meaningGap(embedded: number, chunks: number): string[] {
  if (!chunks) return [];
  if (!embedded) return ["Nothing can be found by meaning yet, only by words."];
  return embedded < chunks ? [`${Math.floor((100 * embedded) / chunks)}% can be found by meaning so far, the rest by words.`] : [];
}

const number = (value: number) => value.toLocaleString("en");
const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

/** Why there is no answer. */
export function refusal(error: unknown): { title: string; detail: string } {
  if (error instanceof ApiError && error.code === "not_configured") return { title: "Search is not set up", detail: messageOf(error) };
  if (error instanceof ApiError && error.status === 503) return { title: "Search can't be reached", detail: messageOf(error) };
  if (error instanceof ApiError && error.status === 422) {
    const field = error.problem.errors?.[0];
    return { title: "This can't be searched for", detail: field ? field.message : messageOf(error) };
  }
  return { title: "The search failed", detail: messageOf(error) };
}
