"use client";
import { useEffect, useRef } from "react";
import { CircleAlert, Info, SearchX, TextSearch } from "lucide-react";
import { cx } from "@/lib/cx";
import { openIndex } from "@/model/indexStatus";
import { Empty } from "@/ui/Empty";
import { Button } from "@/ui/Button";
import { gaps, refusal } from "./coverage";
import { Results, type ResultsHandle } from "./Results";
import { summary } from "./rows";
import { searchNow } from "./run";
import { focusQuery, SearchFields, SearchTools } from "./SearchFields";
import { MOST_HITS, shownHits, useSearch } from "./store";

/** Searches the project: by text, regular expression, symbol or meaning; replaces what was found as it stands. */
export function SearchView() {
  const results = useRef<ResultsHandle>(null);
  useEffect(focusQuery, []);
  return (
    <div className="flex h-full flex-col">
      <div className="flex h-9.5 shrink-0 items-center justify-between pr-1.5 pl-3.5">
        <h2 className="text-2xs font-semibold tracking-[0.06em] text-muted uppercase">Search</h2>
        <SearchTools />
      </div>
      <SearchFields onDown={() => results.current?.enter()} />
      <Outcome results={results} />
    </div>
  );
}

function Outcome({ results }: { results: React.RefObject<ResultsHandle | null> }) {
  const { status, answer, error, text } = useSearch();
  if (!text.trim()) {
    return (
      <Empty icon={TextSearch} title="Find anything in the project">
        What is typed and not saved yet is found too.
      </Empty>
    );
  }
  if (status === "failed") {
    const { title, detail } = refusal(error);
    return (
      <Empty icon={CircleAlert} title={title}>
        <p role="alert">{detail}</p>
        <Button small className="mt-3" onClick={() => void searchNow()}>
          Try again
        </Button>
      </Empty>
    );
  }
  if (!answer) return null;
  return (
    <>
      <Summary />
      <div className={cx("min-h-0 flex-1", status === "searching" && "opacity-70")}>
        {answer.hits.length ? <Results handle={results} /> : <Empty icon={SearchX} title="Nothing matches" />}
      </div>
    </>
  );
}

function Summary() {
  const { answer, dismissed, mode, limit } = useSearch();
  if (!answer) return null;
  const told = gaps(answer, mode);
  const more = answer.truncated && limit < MOST_HITS && mode !== "meaning";
  return (
    <div className="space-y-1 px-3.5 pb-1.5 text-2xs text-muted">
      <p role="status" className="tabular flex items-baseline justify-between gap-2">
        <span>{summary(shownHits({ answer, dismissed }), Boolean(answer.truncated) && mode !== "meaning")}</span>
        {more && (
          <button type="button" className="text-link hover:underline" onClick={() => void searchNow(MOST_HITS)}>
            Show more
          </button>
        )}
      </p>
      {told.map((gap) => (
        <button
          key={gap}
          type="button"
          onClick={openIndex}
          className="flex w-full items-start gap-1.5 rounded-[5px] bg-warn-soft px-2 py-1 text-left text-warn hover:brightness-97 dark:hover:brightness-115"
        >
          <Info size={12} aria-hidden className="mt-0.5 shrink-0" />
          {gap}
        </button>
      ))}
    </div>
  );
}
