"use client";
import { useEffect, useRef } from "react";
import type * as Monaco from "monaco-editor";
import { loadMonaco, type MonacoApi } from "@/lib/monaco";
import { editorTheme, useSettings } from "@/model/settings";

interface DiffEditorProps {
  label: string;
  /** Monaco's id of the language. */
  language: string;
  before: string;
  /** Without it, only the text before is shown. */
  after?: string;
  /** Side by side instead of one below the other. */
  beside?: boolean;
}

/** Two texts and what differs, for reading only. */
export function DiffEditor({ label, language, before, after, beside = true }: DiffEditorProps) {
  const box = useRef<HTMLDivElement>(null);
  const { fontSize, wordWrap } = useSettings();
  useEffect(() => {
    let close = () => {};
    let gone = false;
    void loadMonaco().then((api) => {
      if (gone || !box.current) return;
      const options = { ...OPTIONS, fontSize, wordWrap: wordWrap ? ("on" as const) : ("off" as const), ariaLabel: label };
      close =
        after === undefined
          ? showText(api, box.current, language, before, options)
          : showDiff(api, box.current, language, before, after, { ...options, renderSideBySide: beside });
      api.editor.setTheme(editorTheme(useSettings.getState()));
    });
    return () => {
      gone = true;
      close();
    };
  }, [label, language, before, after, beside, fontSize, wordWrap]);
  return <div ref={box} data-testid="diff" className="h-full" />;
}

const OPTIONS = {
  useShadowDOM: false,
  readOnly: true,
  domReadOnly: true,
  automaticLayout: true,
  minimap: { enabled: false },
  fontFamily: '"JetBrains Mono Variable", ui-monospace, Menlo, monospace',
  lineHeight: 1.6,
  padding: { top: 8, bottom: 24 },
  scrollBeyondLastLine: false,
  lineNumbersMinChars: 4,
  renderLineHighlight: "none" as const,
  folding: false,
  stickyScroll: { enabled: false },
  bracketPairColorization: { enabled: false },
  overviewRulerBorder: false,
  scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10, useShadows: false },
  unicodeHighlight: { ambiguousCharacters: false },
};

type Options = typeof OPTIONS & Monaco.editor.IEditorOptions;

function showText(api: MonacoApi, box: HTMLElement, language: string, text: string, options: Options): () => void {
  const editor = api.editor.create(box, { ...options, value: text, language });
  return () => {
    editor.getModel()?.dispose();
    editor.dispose();
  };
}

function showDiff(
  api: MonacoApi,
  box: HTMLElement,
  language: string,
  before: string,
  after: string,
  options: Options & Monaco.editor.IDiffEditorOptions,
): () => void {
  const editor = api.editor.createDiffEditor(box, {
    ...options,
    originalEditable: false,
    renderMarginRevertIcon: false,
    renderGutterMenu: false,
    useInlineViewWhenSpaceIsLimited: true,
    hideUnchangedRegions: { enabled: true, minimumLineCount: 6, contextLineCount: 4 },
  });
  const model = { original: api.editor.createModel(before, language), modified: api.editor.createModel(after, language) };
  editor.setModel(model);
  const toFirst = editor.onDidUpdateDiff(() => {
    toFirst.dispose();
    const [first] = editor.getLineChanges() ?? [];
    if (first) editor.getModifiedEditor().revealLineInCenterIfOutsideViewport(Math.max(1, first.modifiedStartLineNumber));
  });
  return () => {
    editor.dispose();
    model.original.dispose();
    model.modified.dispose();
  };
}
