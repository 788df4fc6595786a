/** Asks the server what the fields say, and shows the newest answer only. */
import { search, type SearchMode, type SearchQuery } from "@/api/search";
import { openDocuments } from "@/model/documents/documents";
import { useFiles } from "@/model/files/store";
import { clearFound, useSearch, type Fields, type Mode } from "./store";

/** Long enough that a word is one request: the server limits requests a minute. */
const TYPING_MS = 280;
/** The API takes no more text that is not saved. */
const MAX_BUFFERS = 50;
const MAX_BUFFER_BYTES = 2 << 20;

let timer: ReturnType<typeof setTimeout> | undefined;
let asked: AbortController | null = null;

const MODES: Record<Mode, SearchMode> = { text: "text", regex: "regex", symbol: "symbol", meaning: "hybrid" };

/** Takes changed fields over and searches when the typing pauses. */
export function edit(change: Partial<Fields>): void {
  useSearch.setState(change);
  searchSoon();
}

export function searchSoon(ms = TYPING_MS): void {
  clearTimeout(timer);
  timer = setTimeout(() => void searchNow(), ms);
}

export function cancelSearch(): void {
  clearTimeout(timer);
  asked?.abort();
}

export async function searchNow(limit?: number): Promise<void> {
  cancelSearch();
  const { projectId } = useFiles.getState();
  const state = useSearch.getState();
  if (!projectId) return;
  if (!state.text.trim()) return clearFound();
  const current = (asked = new AbortController());
  const most = limit ?? state.limit;
  useSearch.setState({ projectId, status: "searching", limit: most });
  try {
    const answer = await search(projectId, queryOf(state, most), current.signal);
    if (asked === current) useSearch.setState({ status: "done", answer, error: null, dismissed: new Set() });
  } catch (error) {
    if (asked === current) useSearch.setState({ status: "failed", answer: null, error });
  }
}

function queryOf({ text, mode, matchCase, language, glob }: Fields, limit: number): SearchQuery {
  return {
    q: text,
    mode: MODES[mode],
    case: mode === "text" || mode === "regex" ? matchCase : undefined,
    lang: language || undefined,
    path: glob.trim() || undefined,
    limit: mode === "meaning" ? Math.min(limit, MOST_BY_MEANING) : limit,
    buffers: unsavedTexts(),
  };
}

/** More are hardly ever meant. */
const MOST_BY_MEANING = 50;

/** What is typed and not yet saved is found too. */
function unsavedTexts(): SearchQuery["buffers"] {
  let room = MAX_BUFFER_BYTES;
  return openDocuments()
    .filter(({ sync }) => sync.dirty && sync.phase !== "conflict" && sync.phase !== "gone")
    .map(({ path, model }) => ({ path, text: model.getValue() }))
    .filter(({ text }) => (room -= 3 * text.length) >= 0)
    .slice(0, MAX_BUFFERS);
}
