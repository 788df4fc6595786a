"use client";
import { useEffect, useRef, useState } from "react";
import { ArrowDown, ArrowUp, Check, GitMerge } from "lucide-react";
import type { Id } from "@/api/types";
import { editorTheme, useSettings } from "@/model/settings";
import { toast } from "@/shell/toasts/store";
import { Button, IconButton } from "@/ui/Button";
import { count } from "@/lib/format";
import { cx } from "@/lib/cx";
import { documentOf, useDocuments, type OpenDocument } from "@/model/documents/documents";
import type { Conflict } from "@/model/documents/sync";
import { basename } from "@/lib/path";
import { changedLines, type Choice, type Span } from "@/model/documents/merge";
import { loadMonaco, monaco, type CodeEditor, type Model } from "@/lib/monaco";
import { focusActive } from "./focus";
import { useMerge } from "./useMerge";

/** Resolves a conflict: your version and the server's side by side, the merged result below. */
export function MergeView({ fileId }: { fileId: Id }) {
  // The conflict is renewed when they save again.
  useDocuments((state) => state.status[fileId]);
  const document = documentOf(fileId);
  const conflict = document?.sync.conflict;
  return document && conflict ? <OpenMerge document={document} conflict={conflict} /> : null;
}

function OpenMerge({ document, conflict }: { document: OpenDocument; conflict: Conflict }) {
  const { model, sync, path } = document;
  const [yours] = useState(() => model.getValue(monaco().editor.EndOfLinePreference.LF));
  const merge = useMerge(conflict, yours);
  const [current, setCurrent] = useState(0);
  const shown = Math.min(current, Math.max(0, merge.total - 1));
  const name = basename(path);

  const decide = (choice: Choice) => {
    merge.decide(shown, choice);
    const following = merge.choices.findIndex((item, index) => item === null && index > shown);
    const any = merge.choices.findIndex((item, index) => item === null && index !== shown);
    setCurrent(following >= 0 ? following : any >= 0 ? any : shown);
  };
  const finish = async () => {
    const saved = await sync.resolve(merge.result);
    if (saved) toast(`${name} merged and saved`, { tone: "success" });
    if (!sync.conflict) focusActive();
  };
  const discard = () => {
    sync.takeTheirs();
    focusActive();
  };

  return (
    <div role="region" aria-label="Merge" className="flex h-full flex-col bg-surface">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 border-y border-line bg-warn-soft px-3 py-1.5">
        <GitMerge size={16} className="shrink-0 text-warn" aria-hidden />
        <div className="min-w-40 flex-1">
          <p>
            <b className="font-semibold">{name}</b> was changed on the server while you were editing it.{" "}
            <span className="text-muted" role="status">
              {progress(merge)}
            </span>
          </p>
          {conflict.renewed && (
            <p role="status" className="text-warn">
              It was saved there again while this merge was open. The new version is included; your decisions stay where it changed nothing.
            </p>
          )}
        </div>
        <div className="flex gap-1.5">
          <Button small onClick={discard}>
            Discard mine
          </Button>
          <Button small tone="primary" icon={Check} disabled={merge.open > 0} onClick={() => void finish()}>
            Save merge
          </Button>
        </div>
      </div>
      <div className="grid min-h-0 flex-1 grid-cols-2 grid-rows-[minmax(0,1fr)_auto_minmax(0,1.1fr)]">
        <Side title="Yours" text={merge.yours} base={merge.base} mark="merge-yours" model={model} className="border-r border-line" />
        <Side title="Theirs (on the server)" text={merge.theirs} base={merge.base} mark="merge-theirs" model={model} />
        <div className="col-span-2 flex flex-wrap items-center gap-1.5 border-y border-line bg-app px-3 py-1">
          <span className="mr-auto text-xs font-medium text-muted">Result</span>
          {merge.total > 0 && (
            <Decisions current={shown} total={merge.total} choice={merge.choices[shown] ?? null} onMove={setCurrent} onDecide={decide} />
          )}
        </div>
        <Result text={merge.result} spans={merge.spans} current={shown} model={model} onEdit={merge.edit} />
      </div>
    </div>
  );
}

function progress({ total, open }: { total: number; open: number }): string {
  if (total === 0) return "The changes do not touch each other.";
  return open ? `${count(open, "conflict")} to decide` : "All conflicts are decided.";
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
