"use client";
import { useImperativeHandle, useMemo, useRef, type KeyboardEvent, type MouseEvent, type Ref } from "react";
import { ChevronRight, Replace, X } from "lucide-react";
import type { SearchHit } from "@/api/search";
import { cx } from "@/lib/cx";
import { basename, parent } from "@/lib/path";
import { useWindow } from "@/lib/useWindow";
import { openPath, openTab } from "@/shell/tabs/open";
import { IconButton } from "@/ui/Button";
import { FileIcon } from "@/ui/FileIcon";
import { replaceIn } from "./apply";
import { replacer } from "./replace";
import { rowsOf, targetOf, type FileRow, type LineRow, type ResultRow } from "./rows";
import { canReplace, shownHits, useSearch } from "./store";
import { replaceTab } from "./tab";
import { focusQuery } from "./SearchFields";

const ROW_HEIGHT = 22;
const OVERSCAN = 20;

export interface ResultsHandle {
  /** Gives the list the focus, at its first row. */
  enter(): void;
}

/** What was found, grouped by file. */
export function Results({ handle }: { handle: Ref<ResultsHandle> }) {
  const { answer, dismissed, closed, focus, mode, replacing } = useSearch();
  const box = useRef<HTMLDivElement>(null);
  const hits = useMemo(() => shownHits({ answer, dismissed }), [answer, dismissed]);
  const rows = useMemo(() => rowsOf(hits, closed), [hits, closed]);
  const { from, to, slots, onScroll } = useWindow(box, rows.length, ROW_HEIGHT, OVERSCAN);
  const at = focus === null ? -1 : rows.findIndex(({ id }) => id === focus);
  const replaces = replacing && canReplace(mode);

  const go = (index: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, index));
    useSearch.setState({ focus: rows[next]?.id ?? null });
    bringIntoView(box.current!, next);
  };
  useImperativeHandle(handle, () => ({
    enter() {
      box.current?.focus();
      if (at < 0) go(0);
    },
  }));

  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[at];
    const keys: Record<string, () => void> = {
      ArrowDown: () => go(at + 1),
      ArrowUp: () => (at <= 0 ? focusQuery() : go(at - 1)),
      PageDown: () => go(at + 20),
      PageUp: () => go(at - 20),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      ArrowRight: () => row?.kind === "file" && setFileOpen(row.path, true),
      ArrowLeft: () =>
        row && (row.kind === "file" ? setFileOpen(row.path, false) : go(rows.findLastIndex((r, i) => i < at && r.kind === "file"))),
      Enter: () => row && choose(row, replaces, false),
      " ": () => row && choose(row, replaces, true),
      Delete: () => row && dismissRow(row, hits),
      Escape: focusQuery,
    };
    const action = keys[event.key];
    if (!action || event.target !== event.currentTarget) return;
    event.preventDefault();
    action();
  };

  return (
    <div
      ref={box}
      role="tree"
      aria-label="Search results"
      tabIndex={0}
      aria-activedescendant={at >= from && at < to ? rowId(at) : undefined}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
      className="group/results h-full overflow-auto overscroll-contain pb-4 focus-visible:outline-none"
    >
      <div role="presentation" className="relative" style={{ height: rows.length * ROW_HEIGHT }}>
        {rows.slice(from, to).map((row, offset) => {
          const index = from + offset;
          const common = {
            id: rowId(index),
            top: index * ROW_HEIGHT,
            focused: index === at,
            onClick: (event: MouseEvent) => {
              useSearch.setState({ focus: row.id });
              choose(row, replaces, event.detail < 2);
            },
            onDismiss: () => dismissRow(row, hits),
          };
          return row.kind === "file" ? (
            <FileLine key={index % slots} row={row} {...common} hits={hits} replaces={replaces} />
          ) : (
            <HitLine key={index % slots} row={row} {...common} replaces={replaces} />
          );
        })}
      </div>
    </div>
  );
}

const rowId = (index: number) => `result-${index}`;

function bringIntoView(box: HTMLElement, index: number): void {
  const top = index * ROW_HEIGHT;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + ROW_HEIGHT > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW_HEIGHT - box.clientHeight;
}

function setFileOpen(path: string, open: boolean): void {
  const closed = new Set(useSearch.getState().closed);
  if (open) closed.delete(path);
  else closed.add(path);
  useSearch.setState({ closed });
}

/** Opens what a row stands for. With a replacement, its file is shown as it would become. */
function choose(row: ResultRow, replaces: boolean, quiet: boolean): void {
  if (row.kind === "file") return setFileOpen(row.path, !row.open);
  if (replaces && useSearch.getState().replacement) return openTab(replaceTab(row.hit.path));
  const { from, to } = targetOf(row);
  openPath(row.hit.path, { line: from.line, column: from.column, end: to, preview: quiet, quiet });
}

function dismissRow(row: ResultRow, hits: readonly SearchHit[]): void {
  const dismissed = new Set(useSearch.getState().dismissed);
  for (const hit of hitsOf(row, hits)) dismissed.add(hit);
  useSearch.setState({ dismissed });
}

function hitsOf(row: ResultRow, hits: readonly SearchHit[]): readonly SearchHit[] {
  return row.kind === "line" ? [row.hit] : hits.filter(({ path }) => path === row.path);
}

interface LineProps {
  id: string;
  top: number;
  focused: boolean;
  replaces: boolean;
  onClick(event: MouseEvent): void;
  onDismiss(): void;
}

const LINE =
  "group/line absolute inset-x-1.5 flex h-5.5 items-center gap-1.5 rounded-[5px] pr-1 whitespace-nowrap select-none hover:bg-hover";
const FOCUSED =
  "bg-active group-focus-visible/results:outline-2 group-focus-visible/results:-outline-offset-2 group-focus-visible/results:outline-(--focus)";

function FileLine({ row, hits, id, top, focused, replaces, onClick, onDismiss }: LineProps & { row: FileRow; hits: readonly SearchHit[] }) {
  const { path, open } = row;
  return (
    <div
      id={id}
      role="treeitem"
      aria-level={1}
      aria-expanded={open}
      aria-selected={focused}
      aria-label={`${path}, ${row.hits} results`}
      data-tip={path}
      onClick={onClick}
      style={{ top }}
      className={cx(LINE, "pl-1", focused && FOCUSED)}
    >
      <ChevronRight size={13} aria-hidden className={cx("shrink-0 text-faint", open && "rotate-90")} />
      <FileIcon path={path} size={14} />
      <span className="shrink-0 font-medium">{basename(path)}</span>
      <span className="min-w-0 flex-1 truncate text-2xs text-faint">{parent(path)}</span>
      <RowActions
        replace={replaces ? () => void replaceIn(hits.filter((hit) => hit.path === path)) : undefined}
        what={basename(path)}
        onDismiss={onDismiss}
      />
      <span className="tabular rounded-full bg-(--key) px-1.5 text-[10px] leading-4 text-muted group-hover/line:hidden">{row.hits}</span>
    </div>
  );
}

function HitLine({ row, id, top, focused, replaces, onClick, onDismiss }: LineProps & { row: LineRow }) {
  const { hit, line, text, first } = row;
  return (
    <div
      id={id}
      role="treeitem"
      aria-level={2}
      aria-selected={focused}
      aria-label={`Line ${line}: ${text}`}
      onClick={onClick}
      style={{ top }}
      className={cx(LINE, "pl-3", focused && FOCUSED)}
    >
      <span className="tabular w-7 shrink-0 text-right text-2xs text-faint">{line}</span>
      {first && hit.symbol && (
        <span className="shrink-0 rounded-[4px] bg-(--key) px-1 text-[10px] leading-4 text-muted">{hit.symbol.kind}</span>
      )}
      <code className="min-w-0 flex-1 truncate font-mono text-xs whitespace-pre">
        <Marked row={row} replaces={replaces} />
      </code>
      {first && <RowActions replace={replaces ? () => void replaceIn([hit]) : undefined} what={`line ${line}`} onDismiss={onDismiss} />}
    </div>
  );
}

interface RowActionsProps {
  what: string;
  replace?: () => void;
  onDismiss(): void;
}

function RowActions({ what, replace, onDismiss }: RowActionsProps) {
  const only = (work: () => void) => (event: MouseEvent) => {
    event.stopPropagation();
    work();
  };
  return (
    <span className="hidden shrink-0 group-hover/line:flex">
      {replace && (
        <IconButton label={`Replace in ${what}`} icon={Replace} size={12} tabIndex={-1} className="size-5!" onClick={only(replace)} />
      )}
      <IconButton label={`Leave out ${what}`} icon={X} size={12} tabIndex={-1} className="size-5!" onClick={only(onDismiss)} />
    </span>
  );
}

/** The line with its matches marked; with a replacement, what each becomes beside it. */
function Marked({ row: { text, marks }, replaces }: { row: LineRow; replaces: boolean }) {
  const { text: query, mode, matchCase, replacement } = useSearch();
  const become = replaces ? replacer({ text: query, regex: mode === "regex", matchCase }, replacement) : null;
  let at = 0;
  const parts = marks.map(([start, end], index) => {
    const before = text.slice(at, start);
    const match = text.slice(start, end);
    at = end;
    return (
      <span key={index}>
        {before}
        {become ? (
          <>
            <del className="rounded-[3px] bg-bad-soft text-bad">{match}</del>
            {replacement && <ins className="rounded-[3px] bg-good-soft text-good no-underline">{become(match)}</ins>}
          </>
        ) : (
          <mark className="rounded-[3px] bg-(--found) text-text">{match}</mark>
        )}
      </span>
    );
  });
  return (
    <>
      {parts}
      {text.slice(at)}
    </>
  );
}
