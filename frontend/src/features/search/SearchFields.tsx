"use client";
import { useEffect, useRef, type KeyboardEvent } from "react";
import { CaseSensitive, Replace, ReplaceAll, SlidersHorizontal, X } from "lucide-react";
import { cx } from "@/lib/cx";
import { LANGUAGES } from "@/lib/languages.gen";
import { onRadioKey } from "@/ui/choiceKeys";
import { IconButton } from "@/ui/Button";
import { replaceAll } from "./apply";
import { edit, searchNow } from "./run";
import { canReplace, useSearch, type Mode } from "./store";

const MODES: { id: Mode; label: string; tip: string }[] = [
  { id: "text", label: "Text", tip: "Lines that contain exactly this" },
  { id: "regex", label: "Regex", tip: "Lines that match a regular expression" },
  { id: "symbol", label: "Symbol", tip: "Functions, classes and the like by name" },
  { id: "meaning", label: "Meaning", tip: "What fits a description, by words and meaning" },
];

const PLACEHOLDERS: Record<Mode, string> = {
  text: "Search",
  regex: "Search by a regular expression",
  symbol: "Name of a function or class",
  meaning: "Describe what you look for",
};

export const QUERY_ID = "search-query";

/** Selects the query, for the next search. */
export function focusQuery(): void {
  const field = document.getElementById(QUERY_ID) as HTMLInputElement | null;
  field?.focus();
  field?.select();
}

export function SearchFields({ onDown }: { onDown(): void }) {
  const { text, mode, matchCase, replacing, replacement, filtering, language, glob } = useSearch();
  const exact = canReplace(mode);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") void searchNow();
    if (event.key === "ArrowDown") {
      event.preventDefault();
      onDown();
    }
    if (event.key === "Escape" && text) edit({ text: "" });
  };
  return (
    <div role="search" className="space-y-1.5 px-2.5 pb-2">
      <div className="relative">
        <input
          id={QUERY_ID}
          type="text"
          aria-label="Search in files"
          placeholder={PLACEHOLDERS[mode]}
          value={text}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => edit({ text: event.target.value })}
          onKeyDown={onKeyDown}
          className={cx("field h-7.5 text-sm", exact ? "pr-8" : "", mode === "regex" && "font-mono text-xs!")}
        />
        {exact && (
          <IconButton
            label="Match case"
            icon={CaseSensitive}
            size={16}
            pressed={matchCase}
            onClick={() => edit({ matchCase: !matchCase })}
            className="absolute top-1/2 right-0.75 size-6! -translate-y-1/2"
          />
        )}
      </div>
      {exact && replacing && <ReplaceField replacement={replacement} />}
      <Modes mode={mode} />
      {filtering && <Filters language={language} glob={glob} />}
    </div>
  );
}

function ReplaceField({ replacement }: { replacement: string }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <div className="flex items-center gap-1">
      <input
        ref={field}
        type="text"
        aria-label="Replace with"
        placeholder="Replace with"
        value={replacement}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => useSearch.setState({ replacement: event.target.value })}
        onKeyDown={(event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && void replaceAll()}
        className="field h-7.5 min-w-0 flex-1 text-sm"
      />
      <IconButton label="Replace all" icon={ReplaceAll} keys="Mod+Enter" onClick={() => void replaceAll()} />
    </div>
  );
}

function Modes({ mode }: { mode: Mode }) {
  return (
    <div role="radiogroup" aria-label="How to search" onKeyDown={onRadioKey} className="flex rounded-lg bg-sunken p-0.5">
      {MODES.map(({ id, label, tip }) => (
        <button
          key={id}
          type="button"
          role="radio"
          aria-checked={mode === id}
          data-tip={tip}
          tabIndex={mode === id ? 0 : -1}
          onClick={() => edit({ mode: id })}
          className={cx(
            "h-6 min-w-0 flex-1 truncate rounded-[5px] px-1 text-xs",
            mode === id ? "bg-raised font-medium text-text shadow-sm ring-1 ring-line" : "text-muted hover:text-text",
          )}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

const NAMED = LANGUAGES.filter(({ id }) => id !== "plaintext").toSorted((a, b) => a.title.localeCompare(b.title));

function Filters({ language, glob }: { language: string; glob: string }) {
  return (
    <div className="flex gap-1.5">
      <input
        type="text"
        aria-label="Paths to search"
        placeholder="Path: src/**"
        value={glob}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => edit({ glob: event.target.value })}
        className="field h-7 min-w-0 flex-1 text-xs!"
      />
      <select
        aria-label="Language"
        value={language}
        onChange={(event) => edit({ language: event.target.value })}
        className="field h-7 w-33! shrink-0 py-0 text-xs!"
      >
        <option value="">Any language</option>
        {NAMED.map(({ id, title }) => (
          <option key={id} value={id}>
            {title}
          </option>
        ))}
      </select>
    </div>
  );
}

/** The buttons of the view's title. */
export function SearchTools() {
  const { mode, replacing, filtering, language, glob, text } = useSearch();
  const toggleFilters = () => {
    useSearch.setState({ filtering: !filtering });
    // Filters that are not to be seen do not count.
    if (filtering && (language || glob)) edit({ language: "", glob: "" });
  };
  return (
    <div className="flex">
      <IconButton
        label="Replace"
        icon={Replace}
        keys="Mod+Shift+H"
        pressed={replacing && canReplace(mode)}
        disabled={!canReplace(mode)}
        onClick={() => useSearch.setState({ replacing: !replacing })}
      />
      <IconButton label="Filter by path and language" icon={SlidersHorizontal} pressed={filtering} onClick={toggleFilters} />
      <IconButton label="Clear the search" icon={X} disabled={!text} onClick={() => edit({ text: "" })} />
    </div>
  );
}
