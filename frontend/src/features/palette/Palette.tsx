"use client";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { ChevronRight, Search } from "lucide-react";
import { FileIcon } from "@/features/explorer/icons";
import { usePlace } from "@/features/layout/location";
import { Dialog } from "@/ui/Dialog";
import { Highlighted } from "@/ui/Highlighted";
import { Kbd } from "@/ui/Kbd";
import { cx } from "@/lib/cx";
import { commandChoices, fileChoices, type Choice } from "./choices";
import { closePalette, usePalette, type Mode } from "./store";

export function Palette() {
  const mode = usePalette((state) => state.mode);
  if (!mode) return null;
  return (
    <Dialog title={mode === "files" ? "Go to file" : "Commands"} bare onClose={closePalette} className="w-[min(620px,calc(100vw-24px))]">
      <Chooser key={mode} mode={mode} />
    </Dialog>
  );
}

/** `>` in front switches to commands, and back without it. */
function Chooser({ mode }: { mode: Mode }) {
  const inProject = usePlace((state) => state.project !== null);
  const [text, setText] = useState(mode === "commands" || !inProject ? ">" : "");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const commands = text.startsWith(">") || !inProject;
  const choices = useMemo(
    () => (commands ? commandChoices(text.replace(/^>/, "")) : fileChoices(text)),
    [commands, text],
  );

  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [at, choices]);

  const choose = (choice: Choice | undefined) => {
    if (!choice) return;
    closePalette();
    // After the dialog has given the focus back: the command may move it.
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
        {commands ? <ChevronRight size={16} className="text-faint" aria-hidden /> : <Search size={16} className="text-faint" aria-hidden />}
        <input
          autoFocus
          role="combobox"
          aria-expanded
          aria-controls="palette-list"
          aria-activedescendant={choices[at] ? `choice-${at}` : undefined}
          aria-label={commands ? "Type a command" : "Type a file name"}
          placeholder={commands ? "Type a command" : "Go to file, or > for commands"}
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
      <ul ref={list} id="palette-list" role="listbox" aria-label={commands ? "Commands" : "Files"} className="max-h-[min(52vh,440px)] overflow-y-auto overscroll-contain p-1.5">
        {choices.map((choice, index) => (
          <ChoiceRow key={choice.id} choice={choice} id={`choice-${index}`} chosen={index === at} onChoose={() => choose(choice)} onHover={() => setAt(index)} />
        ))}
      </ul>
      {!choices.length && (
        <p role="status" className="px-4 pt-1 pb-5 text-center text-muted">
          {text.replace(/^>/, "") ? "Nothing matches" : "No recent files"}
        </p>
      )}
    </>
  );
}

interface ChoiceRowProps {
  choice: Choice;
  id: string;
  chosen: boolean;
  onChoose(): void;
  onHover(): void;
}

function ChoiceRow({ choice, id, chosen, onChoose, onHover }: ChoiceRowProps) {
  const Icon = choice.icon;
  return (
    <li
      id={id}
      role="option"
      aria-selected={chosen}
      onClick={onChoose}
      onPointerMove={onHover}
      className={cx("flex h-8 items-center gap-2.5 rounded-[7px] px-2.5", chosen && "bg-active")}
    >
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
    </li>
  );
}
