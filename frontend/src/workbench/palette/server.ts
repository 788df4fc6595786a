"use client";
/** What the server finds for the palette: paths in spite of typing errors, and symbols. */
import { useEffect, useState } from "react";
import { messageOf } from "@/api/problem";
import { search, type SearchHit } from "@/api/search";
import { useFiles } from "@/model/files/store";
import { LIMIT, parseQuery } from "./choices";
import type { Mode } from "./store";

export interface ServerHits {
  /** Null while there is no answer to this query; the list here has to do then. */
  hits: SearchHit[] | null;
  asking: boolean;
  problem: string | null;
}

const NONE: ServerHits = { hits: null, asking: false, problem: null };
/** The list here answers at once, so the server is asked for whole words only. */
const TYPING_MS = 180;

/** Asks when the typing pauses; an answer that comes too late is dropped. */
export function useServerHits(kind: Mode, query: string): ServerHits {
  const [found, setFound] = useState<ServerHits & { kind: Mode; query: string }>({ ...NONE, kind, query: "" });
  useEffect(() => {
    const { projectId } = useFiles.getState();
    const { text } = parseQuery(query);
    if (kind === "commands" || !projectId || !text.trim()) return;
    const asked = new AbortController();
    const mode = kind === "symbols" ? "symbol" : "path";
    const timer = setTimeout(() => {
      search(projectId, { q: text, mode, limit: LIMIT }, asked.signal).then(
        ({ hits }) => setFound({ kind, query, hits, asking: false, problem: null }),
        (error) => !asked.signal.aborted && setFound({ kind, query, hits: null, asking: false, problem: messageOf(error) }),
      );
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      asked.abort();
    };
  }, [kind, query]);
  if (kind === "commands" || !query.trim()) return NONE;
  // Symbols of the query before are better than an empty list while the next ones come.
  if (found.kind === kind && found.query === query) return found;
  return { hits: kind === "symbols" && found.kind === kind ? found.hits : null, asking: true, problem: null };
}
