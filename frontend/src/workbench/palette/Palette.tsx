"use client";
import { memo, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { ChevronRight, Search, SquareFunction, type LucideIcon } from "lucide-react";
import type { SearchHit } from "@/api/search";
import { FileIcon } from "@/ui/FileIcon";
import { usePlace } from "@/shell/location";
import { Dialog } from "@/ui/Dialog";
import { Highlighted } from "@/ui/Highlighted";
import { Kbd } from "@/ui/Kbd";
import { cx } from "@/lib/cx";
import { useWindow } from "@/lib/useWindow";
import { commandChoices, fileChoices, symbolChoices, withServerPaths, type Choice } from "./choices";
import { useServerHits, type ServerHits } from "./server";
import { closePalette, usePalette, type Mode } from "./store";

export function Palette() {
  const mode = usePalette((state) => state.mode);
  if (!mode) return null;
  return (
    <Dialog title={TITLES[mode]} bare onClose={closePalette} className="w-[min(620px,calc(100vw-24px))]">
      <Chooser key={mode} mode={mode} />
    </Dialog>
  );
}

const TITLES: Record<Mode, string> = { files: "Go to file", commands: "Commands", symbols: "Go to symbol" };
const PREFIXES: Record<Mode, string> = { files: "", commands: ">", symbols: "#" };
const PROMPTS: Record<Mode, { label: string; placeholder: string; list: string; icon: LucideIcon }> = {
  files: { label: "Type a file name", placeholder: "Go to file, or > for commands, # for symbols", list: "Files", icon: Search },
  commands: { label: "Type a command", placeholder: "Type a command", list: "Commands", icon: ChevronRight },
  symbols: { label: "Type the name of a symbol", placeholder: "Name of a function or class", list: "Symbols", icon: SquareFunction },
};

const ROW_HEIGHT = 32;
const PADDING = 6;
const OVERSCAN = 2;

/** A leading `>` switches from files to commands, a leading `#` to symbols. */
function modeOf(text: string, inProject: boolean): Mode {
  if (text.startsWith(">") || !inProject) return "commands";
  return text.startsWith("#") ? "symbols" : "files";
}

function Chooser({ mode }: { mode: Mode }) {
  const inProject = usePlace((state) => state.project !== null);
  const [text, setText] = useState(inProject ? PREFIXES[mode] : ">");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const kind = modeOf(text, inProject);
  const query = text.replace(/^[>#]/, "");
  const { icon: Icon, label, placeholder, list: listName } = PROMPTS[kind];
  const found = useServerHits(kind, query);
  const choices = useMemo(() => choicesOf(kind, query, found.hits), [kind, query, found.hits]);

  const { from, to, slots, onScroll } = useWindow(list, choices.length, ROW_HEIGHT, OVERSCAN);

  useLayoutEffect(() => bringIntoView(list.current!, at), [at, choices]);

  const choose = (choice: Choice | undefined) => {
    if (!choice) return;
    closePalette();
    // After the dialog has restored the focus: the command may move it.
    setTimeout(choice.run);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (event.key === "Enter") {
      event.preventDefault();
      choose(choices[at]);
    } else if (move && choices.length) {
      event.preventDefault();
      const next = at + move;
      setAt(Math.abs(move) === 1 ? (next + choices.length) % choices.length : Math.max(0, Math.min(choices.length - 1, next)));
    }
  };

  return (
    <>
      <div className="flex h-12 items-center gap-2.5 border-b border-line px-4">
        <Icon size={16} className="text-faint" aria-hidden />
        <input
          autoFocus
          role="combobox"
          aria-expanded
          aria-controls="palette-list"
          aria-activedescendant={choices[at] ? `choice-${at}` : undefined}
          aria-label={label}
          placeholder={placeholder}
          spellCheck={false}
          autoComplete="off"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
          className="h-full flex-1 bg-transparent text-base outline-none placeholder:text-faint focus-visible:outline-none"
        />
      </div>
      <div
        ref={list}
        id="palette-list"
        role="listbox"
        aria-label={listName}
        onScroll={onScroll}
        className="max-h-[min(52vh,440px)] overflow-y-auto overscroll-contain"
        style={{ padding: PADDING }}
      >
        <div role="presentation" className="relative" style={{ height: choices.length * ROW_HEIGHT }}>
          {choices.slice(from, to).map((choice, offset) => {
            const index = from + offset;
            return (
              <ChoiceRow
                key={index % slots}
                choice={choice}
                index={index}
                count={choices.length}
                chosen={index === at}
                onChoose={choose}
                onHover={setAt}
              />
            );
          })}
        </div>
      </div>
      {!choices.length && (
        <p role="status" className="px-4 pt-1 pb-5 text-center text-muted">
          {nothing(kind, query, found)}
        </p>
      )}
    </>
  );
}

function choicesOf(kind: Mode, query: string, hits: readonly SearchHit[] | null): Choice[] {
  if (kind === "commands") return commandChoices(query);
  if (kind === "symbols") return symbolChoices(hits ?? []);
  const local = fileChoices(query);
  return hits ? withServerPaths(query, local, hits) : local;
}

function nothing(kind: Mode, query: string, { asking, problem }: ServerHits): string {
  if (!query.trim()) return kind === "symbols" ? "Type the name of a function, class or heading" : "No recent files";
  if (kind === "symbols" && problem) return problem;
  return asking ? "Searching…" : "Nothing matches";
}

function bringIntoView(list: HTMLElement, index: number): void {
  const top = index * ROW_HEIGHT + PADDING;
  if (top - PADDING < list.scrollTop) list.scrollTop = top - PADDING;
  else if (top + ROW_HEIGHT + PADDING > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW_HEIGHT + PADDING - list.clientHeight;
}

interface ChoiceRowProps {
  choice: Choice;
  index: number;
  count: number;
  chosen: boolean;
  onChoose(choice: Choice): void;
  onHover(index: number): void;
}

function ChoiceRow({ choice, index, count, chosen, onChoose, onHover }: ChoiceRowProps) {
  return (
    <div
      id={`choice-${index}`}
      role="option"
      aria-selected={chosen}
      aria-posinset={index + 1}
      aria-setsize={count}
      onClick={() => onChoose(choice)}
      onPointerMove={() => onHover(index)}
      style={{ top: index * ROW_HEIGHT }}
      className={cx("absolute inset-x-0 flex h-8 items-center gap-2.5 rounded-[7px] px-2.5", chosen && "bg-active")}
    >
      <ChoiceText choice={choice} />
    </div>
  );
}

const ChoiceText = memo(function ChoiceText({ choice }: { choice: Choice }) {
  const Icon = choice.icon;
  return (
    <>
      <span className="flex w-4 justify-center text-faint">
        {choice.path ? <FileIcon path={choice.path} /> : Icon ? <Icon size={15} aria-hidden /> : null}
      </span>
      <Highlighted text={choice.label} positions={choice.positions} className="truncate" />
      <span className={cx("min-w-0 truncate text-xs text-faint", choice.keys && "mr-2")}>{choice.detail}</span>
      {choice.keys && (
        <span className="ml-auto">
          <Kbd keys={choice.keys} />
        </span>
      )}
    </>
  );
});
