"use client";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { FileIcon } from "@/ui/FileIcon";
import { useQuestions, type Answer, type Question } from "./store";

/** The dialog of the question that was asked first. */
export function Questions() {
  const first = useQuestions(({ asked }) => asked[0]);
  return first ? <QuestionDialog key={first.id} question={first} onAnswer={first.answer} /> : null;
}

const MAX_ITEMS = 6;

function QuestionDialog({ question, onAnswer }: { question: Question; onAnswer(answer: Answer): void }) {
  const { title, text, items = [], choices, forAll: label } = question;
  const [forAll, setForAll] = useState(false);
  const more = items.length - MAX_ITEMS;
  const footer = useRef<HTMLElement>(null);
  // The dialog has focused its first button by now.
  useEffect(() => footer.current?.querySelector<HTMLElement>("button:last-child")?.focus(), []);
  return (
    <Dialog bare title={title} onClose={() => onAnswer({ choice: null, forAll })} className="mt-[18vh]! w-[min(440px,calc(100vw-24px))]!">
      <div className="px-5 pt-4.5 pb-4">
        <h2 className="text-base font-semibold break-words">{title}</h2>
        <p className="mt-1 text-muted">{text}</p>
        {items.length > 0 && (
          <ul className="mt-3 max-h-48 space-y-1 overflow-y-auto">
            {items.slice(0, MAX_ITEMS).map((item) => (
              <li key={item} className="flex min-w-0 items-center gap-2">
                <FileIcon path={item} />
                <span className="truncate">{item}</span>
              </li>
            ))}
            {more > 0 && <li className="pl-6 text-muted">and {more} more</li>}
          </ul>
        )}
        {label && (
          <label className="mt-4 flex items-center gap-2">
            <input
              type="checkbox"
              checked={forAll}
              onChange={(event) => setForAll(event.target.checked)}
              className="size-3.5 accent-accent"
            />
            {label}
          </label>
        )}
      </div>
      <footer ref={footer} className="flex flex-wrap justify-end gap-2 border-t border-line bg-app px-4 py-3">
        {choices.map(({ id, label: name, tone }) => (
          <Button key={id} tone={tone} onClick={() => onAnswer({ choice: id, forAll })}>
            {name}
          </Button>
        ))}
      </footer>
    </Dialog>
  );
}
