"use client";
import { useEffect, useRef, useState } from "react";
import type * as Monaco from "monaco-editor";
import type { Id } from "@/api/types";
import { others, useLive } from "@/model/live/store";
import { sendPresence } from "@/model/live/session";
import { useLayout } from "@/shell/panes";
import { editorTheme, useSettings } from "@/model/settings";
import { personColour } from "@/ui/Avatar";
import { documentOf } from "@/model/documents/documents";
import { isProse } from "@/lib/languages";
import { loadMonaco, monaco, type CodeEditor } from "@/lib/monaco";
import { change } from "@/shell/tabs/store";
import * as tabs from "@/shell/tabs/tabs";
import { useCursor } from "./cursor";
import { dropText, isText } from "./dropped";
import { attachEditor, focusWanted, goToTarget } from "./focus";

/** Cursor and scroll of each file in each group, while the page lives. */
const places = new Map<string, Monaco.editor.ICodeEditorViewState>();

export function CodePane({ groupId, fileId }: { groupId: number; fileId: Id | null }) {
  const box = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<CodeEditor | null>(null);
  const shown = useRef<Id | null>(null);

  useEffect(() => {
    let made: CodeEditor | null = null;
    let gone = false;
    void loadMonaco().then((api) => {
      if (gone || !box.current) return;
      made = api.editor.create(box.current, options());
      setEditor(made);
    });
    return () => {
      gone = true;
      made?.dispose();
    };
  }, []);

  useEffect(() => (editor ? attachEditor(groupId, editor) : undefined), [editor, groupId]);
  useEffect(() => (editor ? followCursor(editor, shown) : undefined), [editor]);
  useEffect(() => {
    if (editor) showFile(editor, groupId, fileId, shown);
  }, [editor, groupId, fileId]);
  useSettingsOf(editor);
  usePeers(editor, fileId);

  return (
    <div
      ref={box}
      data-testid="code"
      className="h-full"
      style={{ visibility: fileId && editor ? undefined : "hidden" }}
      onDragOver={(event) => editor && isText(event.dataTransfer) && event.preventDefault()}
      onDrop={(event) => editor && isText(event.dataTransfer) && dropText(editor, event)}
    />
  );
}

function options(): Monaco.editor.IStandaloneEditorConstructionOptions {
  const settings = useSettings.getState();
  return {
    // Our styles must reach its context menu, which they can't inside a shadow root.
    useShadowDOM: false,
    model: null,
    theme: editorTheme(settings),
    automaticLayout: true,
    fontFamily: '"JetBrains Mono Variable", ui-monospace, Menlo, monospace',
    fontLigatures: false,
    fontSize: settings.fontSize,
    lineHeight: 1.6,
    padding: { top: 10, bottom: 40 },
    // Searching for section headers costs half a millisecond per key.
    minimap: {
      enabled: settings.minimap,
      renderCharacters: false,
      scale: 1,
      showMarkSectionHeaders: false,
      showRegionSectionHeaders: false,
    },
    wordWrap: settings.wordWrap ? "on" : "off",
    scrollBeyondLastLine: false,
    smoothScrolling: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    cursorBlinking: "solid",
    renderLineHighlight: "all",
    renderLineHighlightOnlyWhenFocus: true,
    lineNumbersMinChars: 4,
    glyphMargin: false,
    folding: true,
    showFoldingControls: "mouseover",
    stickyScroll: { enabled: true, maxLineCount: 3 },
    bracketPairColorization: { enabled: false },
    guides: { indentation: true, highlightActiveIndentation: true },
    overviewRulerBorder: false,
    hideCursorInOverviewRuler: true,
    scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10, useShadows: false },
    fixedOverflowWidgets: true,
    // Its snippet engine leaves a literal `$0` behind; `dropText` inserts what is dropped.
    dropIntoEditor: { enabled: false },
    unicodeHighlight: { ambiguousCharacters: false },
    accessibilitySupport: settings.screenReader ? "on" : "auto",
    ariaLabel: "Editor",
  };
}

function showFile(editor: CodeEditor, groupId: number, fileId: Id | null, shown: React.RefObject<Id | null>): void {
  if (shown.current) {
    const place = editor.saveViewState();
    if (place) places.set(`${groupId}:${shown.current}`, place);
  }
  shown.current = fileId;
  const model = fileId ? (documentOf(fileId)?.model ?? null) : null;
  editor.setModel(model);
  if (!model) return;
  editor.updateOptions({ quickSuggestions: { other: !isProse(model.getLanguageId()), comments: false, strings: false } });
  const place = places.get(`${groupId}:${fileId}`);
  if (place) editor.restoreViewState(place);
  tellCursor(editor, fileId);
  goToTarget();
  // The pane is visible only after this frame.
  requestAnimationFrame(focusWanted);
}

function followCursor(editor: CodeEditor, shown: React.RefObject<Id | null>): () => void {
  const tell = afterPaint(() => tellCursor(editor, shown.current));
  const listeners = [
    editor.onDidChangeCursorSelection(tell),
    editor.onDidFocusEditorText(tell),
    // Typing into a preview tab keeps it open.
    editor.onDidChangeModelContent(({ isFlush }) => {
      if (!isFlush && editor.hasTextFocus() && shown.current) change((state) => tabs.pin(state, tabs.fileTab(shown.current!).key));
    }),
  ];
  return () => listeners.forEach((listener) => listener.dispose());
}

/** Runs work once per frame, after painting: updates of the cursor position must not delay typing. */
function afterPaint(work: () => void): () => void {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() =>
      setTimeout(() => {
        waiting = false;
        work();
      }),
    );
  };
}

function tellCursor(editor: CodeEditor, fileId: Id | null): void {
  const position = editor.getPosition();
  const selection = editor.getSelection();
  if (!position || !fileId) return;
  const selected = selection && !selection.isEmpty() ? (editor.getModel()?.getValueLengthInRange(selection) ?? 0) : 0;
  useCursor.setState({ line: position.lineNumber, column: position.column, selected });
  sendPresence(fileId, position.lineNumber, position.column);
}

function useSettingsOf(editor: CodeEditor | null) {
  const settings = useSettings();
  const narrow = useLayout((state) => state.narrow);
  useEffect(() => {
    if (!editor) return;
    monaco().editor.setTheme(editorTheme(settings));
    editor.updateOptions({
      fontSize: settings.fontSize,
      minimap: { enabled: settings.minimap && !narrow },
      wordWrap: settings.wordWrap ? "on" : "off",
      accessibilitySupport: settings.screenReader ? "on" : "auto",
    });
  }, [editor, settings, narrow]);
}

/** Marks the lines where other people are. */
function usePeers(editor: CodeEditor | null, fileId: Id | null) {
  const presence = useLive((state) => state.presence);
  useEffect(() => {
    if (!editor || !fileId || !editor.getModel()) return;
    const here = others(useLive.getState()).filter((person) => person.file_id === fileId && person.line);
    const lines = editor.getModel()!.getLineCount();
    const marks = editor.createDecorationsCollection(
      here.map((person) => ({
        range: new (monaco().Range)(Math.min(person.line!, lines), 1, Math.min(person.line!, lines), 1),
        options: {
          isWholeLine: true,
          className: "remote-line",
          hoverMessage: { value: person.name },
          overviewRuler: {
            color: getComputedStyle(document.documentElement).getPropertyValue(personColour(person.conn_id).slice(4, -1)),
            position: 2,
          },
        },
      })),
    );
    return () => marks.clear();
  }, [editor, fileId, presence]);
}
