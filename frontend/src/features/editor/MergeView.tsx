"use client";
import { useEffect, useMemo, useRef, useState } from "react";
import { ArrowDown, ArrowUp, Check, GitMerge } from "lucide-react";
import type { Id } from "@/api/types";
import { entryOf } from "@/model/files/store";
import { editorTheme, useSettings } from "@/model/settings";
import { toast } from "@/shell/toasts/store";
import { Button, IconButton } from "@/ui/Button";
import { count } from "@/lib/format";
import { cx } from "@/lib/cx";
import { documentOf } from "@/model/documents/documents";
import { changedLines, conflictCount, hasMarkers, mergedText, mergePieces, type Choice, type Span } from "@/model/documents/merge";
import { loadMonaco, monaco, type CodeEditor, type Model } from "@/lib/monaco";

/** Resolves a conflict: your version and the server's side by side, the merged result below. */
export function MergeView({ fileId }: { fileId: Id }) {
  const document = documentOf(fileId);
  const conflict = document?.sync.conflict;
  const [yours] = useState(() => document?.model.getValue() ?? "");
  const pieces = useMemo(() => mergePieces(conflict?.base ?? "", yours, conflict?.theirs ?? ""), [conflict, yours]);
  const total = conflictCount(pieces);
  const [choices, setChoices] = useState<Choice[]>(() => Array<Choice>(total).fill(null));
  const [current, setCurrent] = useState(0);
  const [edited, setEdited] = useState<string | null>(null);
  const merged = useMemo(() => mergedText(pieces, choices), [pieces, choices]);
  const result = edited ?? merged.text;
  const open = edited === null ? choices.filter((choice) => choice === null).length : hasMarkers(edited) ? 1 : 0;
  if (!document || !conflict) return null;

  const decide = (choice: Choice) => {
    const next = choices.with(current, choice);
    setChoices(next);
    setEdited(null);
    const following = next.findIndex((item, index) => item === null && index > current);
    const any = next.indexOf(null);
    setCurrent(following >= 0 ? following : any >= 0 ? any : current);
  };
  const finish = async () => {
    const eol = document.model.getEOL();
    if (await document.sync.resolve(result.replaceAll("\n", eol))) toast(`${entryOf(fileId)?.name} merged and saved`, { tone: "success" });
  };

  return (
    <div role="region" aria-label="Merge" className="flex h-full flex-col bg-surface">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 border-y border-line bg-warn-soft px-3 py-1.5">
        <GitMerge size={16} className="shrink-0 text-warn" aria-hidden />
        <p className="min-w-40 flex-1">
          <b className="font-semibold">{entryOf(fileId)?.name}</b> was changed on the server while you were editing it.{" "}
          <span className="text-muted" role="status">
            {total === 0
              ? "The changes do not touch each other."
              : open
                ? `${count(open, "conflict")} to decide`
                : "All conflicts are decided."}
          </span>
        </p>
        <div className="flex gap-1.5">
          <Button small onClick={() => document.sync.takeTheirs()}>
            Discard mine
          </Button>
          <Button small tone="primary" icon={Check} disabled={open > 0} onClick={() => void finish()}>
            Save merge
          </Button>
        </div>
      </div>
      <div className="grid min-h-0 flex-1 grid-cols-2 grid-rows-[minmax(0,1fr)_auto_minmax(0,1.1fr)]">
        <Side title="Yours" text={yours} base={conflict.base} mark="merge-yours" model={document.model} className="border-r border-line" />
        <Side title="Theirs (on the server)" text={conflict.theirs} base={conflict.base} mark="merge-theirs" model={document.model} />
        <div className="col-span-2 flex flex-wrap items-center gap-1.5 border-y border-line bg-app px-3 py-1">
          <span className="mr-auto text-xs font-medium text-muted">Result</span>
          {total > 0 && (
            <Decisions current={current} total={total} choice={choices[current] ?? null} onMove={setCurrent} onDecide={decide} />
          )}
        </div>
        <Result text={result} spans={edited === null ? merged.spans : []} current={current} model={document.model} onEdit={setEdited} />
      </div>
    </div>
  );
}

interface DecisionsProps {
  current: number;
  total: number;
  choice: Choice;
  onMove(index: number): void;
  onDecide(choice: Choice): void;
}

const CHOICES: { choice: Exclude<Choice, null>; label: string }[] = [
  { choice: "yours", label: "Use yours" },
  { choice: "theirs", label: "Use theirs" },
  { choice: "both", label: "Use both" },
];

function Decisions({ current, total, choice, onMove, onDecide }: DecisionsProps) {
  return (
    <>
      <span className="tabular text-xs text-muted">
        Conflict {current + 1} of {total}
      </span>
      <IconButton label="Previous conflict" icon={ArrowUp} disabled={total < 2} onClick={() => onMove((current - 1 + total) % total)} />
      <IconButton label="Next conflict" icon={ArrowDown} disabled={total < 2} onClick={() => onMove((current + 1) % total)} />
      {CHOICES.map((item) => (
        <Button
          key={item.choice}
          small
          aria-pressed={choice === item.choice}
          className={cx(choice === item.choice && "border-(--focus) bg-active")}
          onClick={() => onDecide(item.choice)}
        >
          {item.label}
        </Button>
      ))}
    </>
  );
}

function useSmallEditor(label: string, readOnly: boolean, language: string) {
  const box = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<CodeEditor | null>(null);
  const fontSize = useSettings((state) => state.fontSize);
  useEffect(() => {
    let made: CodeEditor | null = null;
    let gone = false;
    void loadMonaco().then((api) => {
      if (gone || !box.current) return;
      made = api.editor.create(box.current, {
        value: "",
        language,
        readOnly,
        ariaLabel: label,
        theme: editorTheme(useSettings.getState()),
        automaticLayout: true,
        minimap: { enabled: false },
        fontFamily: '"JetBrains Mono Variable", monospace',
        fontSize: fontSize - 0.5,
        lineHeight: 1.55,
        scrollBeyondLastLine: false,
        lineNumbersMinChars: 4,
        renderLineHighlight: "none",
        folding: false,
        padding: { top: 6 },
        stickyScroll: { enabled: false },
        bracketPairColorization: { enabled: false },
        overviewRulerBorder: false,
      });
      setEditor(made);
    });
    return () => {
      gone = true;
      made?.getModel()?.dispose();
      made?.dispose();
    };
  }, [label, readOnly, language, fontSize]);
  return { box, editor };
}

interface SideProps {
  title: string;
  text: string;
  base: string;
  /** The CSS class of lines that this side changed. */
  mark: string;
  model: Model;
  className?: string;
}

function Side({ title, text, base, mark, model, className }: SideProps) {
  const { box, editor } = useSmallEditor(title, true, model.getLanguageId());
  useEffect(() => {
    if (!editor) return;
    editor.setValue(text);
    const changed = changedLines(base, text);
    const range = ({ from, to }: { from: number; to: number }) => new (monaco().Range)(from, 1, to, 1);
    editor.createDecorationsCollection(changed.map((lines) => ({ range: range(lines), options: { isWholeLine: true, className: mark } })));
    if (changed[0]) editor.revealLineInCenterIfOutsideViewport(changed[0].from);
  }, [editor, text, base, mark]);
  return (
    <div className={cx("flex min-w-0 flex-col", className)}>
      <h3 className="px-3 py-1.5 text-xs font-medium text-muted">{title}</h3>
      <div ref={box} className="min-h-0 flex-1" />
    </div>
  );
}

interface ResultProps {
  text: string;
  spans: Span[];
  current: number;
  model: Model;
  onEdit(text: string): void;
}

function Result({ text, spans, current, model, onEdit }: ResultProps) {
  const { box, editor } = useSmallEditor("Merged result", false, model.getLanguageId());
  const edit = useRef(onEdit);
  edit.current = onEdit;

  useEffect(() => {
    const listener = editor?.onDidChangeModelContent(({ isFlush }) => {
      if (!isFlush) edit.current(editor.getValue());
    });
    return () => listener?.dispose();
  }, [editor]);
  useEffect(() => {
    if (editor && editor.getValue() !== text) editor.setValue(text);
  }, [editor, text]);
  useEffect(() => {
    if (!editor) return;
    const marks = editor.createDecorationsCollection(spans.filter((span) => span.to >= span.from).map(decoration));
    const span = spans[current];
    if (span) editor.revealLineInCenterIfOutsideViewport(span.from);
    return () => marks.clear();
  }, [editor, spans, current, text]);
  return <div ref={box} className="col-span-2 min-h-0" />;
}

function decoration({ from, to, choice }: Span) {
  const className = choice === null ? "merge-conflict" : choice === "theirs" ? "merge-theirs" : "merge-yours";
  return {
    range: new (monaco().Range)(from, 1, to, 1),
    options: { isWholeLine: true, className, linesDecorationsClassName: choice === null ? "merge-mark" : undefined },
  };
}
