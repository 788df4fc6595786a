/** Brings a model to another text with the smallest edits, so that cursors, the undo history and what is on the screen stay. */
import type * as Monaco from "monaco-editor";
import { diffIndices } from "node-diff3";
import { monaco, type Model } from "@/lib/monaco";

/** Lines `from` up to, but not including, `to` (both from 0) become `lines`. */
export interface LineEdit {
  from: number;
  to: number;
  lines: string[];
}

/** More lines than this between the first and the last difference are replaced as one. */
const MAX_DIFF_LINES = 4000;

export function lineEdits(old: readonly string[], next: readonly string[]): LineEdit[] {
  const shortest = Math.min(old.length, next.length);
  let start = 0;
  while (start < shortest && old[start] === next[start]) start++;
  let end = 0;
  while (end < shortest - start && old.at(-1 - end) === next.at(-1 - end)) end++;
  const before = old.slice(start, old.length - end);
  const after = next.slice(start, next.length - end);
  if (!before.length && !after.length) return [];
  if (Math.max(before.length, after.length) > MAX_DIFF_LINES) return [{ from: start, to: old.length - end, lines: after }];
  return diffIndices(before, after).map(({ buffer1: [at, length], buffer2: [from, count] }) => ({
    from: start + at,
    to: start + at + length,
    lines: after.slice(from, from + count),
  }));
}

export function replaceText(model: Model, text: string): void {
  const next = text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  const edits = lineEdits(model.getLinesContent(), next).flatMap((edit) => operations(model, edit));
  if (!edits.length) return;
  keepingScroll(model, () => {
    model.pushStackElement();
    model.pushEditOperations([], edits, () => null);
    model.pushStackElement();
  });
}

function operations(model: Model, { from, to, lines }: LineEdit): Monaco.editor.IIdentifiedSingleEditOperation[] {
  const { Range } = monaco();
  const last = model.getLineCount();
  if (to - from === lines.length) return lines.flatMap((line, index) => withinLine(model, from + index + 1, line));
  if (to > from && lines.length) return [{ range: new Range(from + 1, 1, to, model.getLineMaxColumn(to)), text: lines.join("\n") }];
  if (lines.length) {
    if (from < last) return [{ range: new Range(from + 1, 1, from + 1, 1), text: `${lines.join("\n")}\n`, forceMoveMarkers: true }];
    const column = model.getLineMaxColumn(last);
    return [{ range: new Range(last, column, last, column), text: `\n${lines.join("\n")}` }];
  }
  if (to < last) return [{ range: new Range(from + 1, 1, to + 1, 1), text: "" }];
  return [{ range: new Range(from, model.getLineMaxColumn(from), to, model.getLineMaxColumn(to)), text: "" }];
}

/** The part of a line that differs. */
function withinLine(model: Model, number: number, line: string): Monaco.editor.IIdentifiedSingleEditOperation[] {
  const old = model.getLineContent(number);
  if (old === line) return [];
  const shortest = Math.min(old.length, line.length);
  let start = 0;
  while (start < shortest && old[start] === line[start]) start++;
  let end = 0;
  while (end < shortest - start && old.at(-1 - end) === line.at(-1 - end)) end++;
  const range = new (monaco().Range)(number, start + 1, number, old.length - end + 1);
  return [{ range, text: line.slice(start, line.length - end) }];
}

/** Runs a change of the text; afterwards each editor shows the same lines at the same height. */
function keepingScroll(model: Model, work: () => void): void {
  const restore = monaco()
    .editor.getEditors()
    .filter((editor) => editor.getModel() === model)
    .map(anchored);
  work();
  for (const scroll of restore) scroll();
}

/** Remembers where the cursor's line is on the screen, or the first visible line where the cursor is not. */
function anchored(editor: Monaco.editor.ICodeEditor): () => void {
  const visible = editor.getVisibleRanges();
  const caret = editor.getPosition();
  const inView = caret && visible.some((range) => range.containsPosition(caret));
  const line = inView ? caret.lineNumber : (visible[0]?.startLineNumber ?? 1);
  const offset = editor.getTopForLineNumber(line) - editor.getScrollTop();
  const mark = editor.createDecorationsCollection([{ range: new (monaco().Range)(line, 1, line, 1), options: { stickiness: 1 } }]);
  return () => {
    const now = inView ? editor.getPosition()?.lineNumber : mark.getRange(0)?.startLineNumber;
    mark.clear();
    if (now) editor.setScrollTop(editor.getTopForLineNumber(now) - offset, monaco().editor.ScrollType.Immediate);
  };
}
