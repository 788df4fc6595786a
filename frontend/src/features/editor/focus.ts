/** The visible editors: which one has the keyboard focus, and going to a position in a file. */
import type { Id } from "@/api/types";
import { documentOf, useDocuments } from "@/model/documents/documents";
import { provideSelection } from "@/shell/selection";
import { clearTarget, onClosed, onOpened, pendingTarget } from "@/shell/tabs/open";
import { change, useTabs } from "@/shell/tabs/store";
import * as tabs from "@/shell/tabs/tabs";
import type { CodeEditor } from "@/lib/monaco";

/** The editor of each group, while it is on the screen. */
const editors = new Map<number, CodeEditor>();
/** The group whose editor gets the focus as soon as it shows a text. */
let wanted: number | null = null;

export function attachEditor(groupId: number, editor: CodeEditor): () => void {
  editors.set(groupId, editor);
  return () => void (editors.get(groupId) === editor && editors.delete(groupId));
}

export function focusedEditor(): CodeEditor | undefined {
  return editors.get(useTabs.getState().tabs.focused);
}

/** Gives the focus to the editor that looks active: now, or as soon as its text is there. */
export function focusActive(): void {
  wanted = useTabs.getState().tabs.focused;
  requestAnimationFrame(() => focusWanted());
}

/** Called again whenever an editor shows another text. */
export function focusWanted(): void {
  const { tabs: state } = useTabs.getState();
  if (wanted === null) return;
  if (wanted !== state.focused || !isFree()) return void (wanted = null);
  const tab = tabs.activeTab(state);
  if (!tab) return void (wanted = null);
  if (!tabs.isFileTab(tab) || isReplaced(tab.fileId)) return focusTab();
  const editor = editors.get(wanted);
  if (!editor || editor.getModel() !== documentOf(tab.fileId)?.model || !editor.getModel()) return;
  wanted = null;
  editor.focus();
}

/** Something else than text is shown: the focus goes to its tab. */
function focusTab(): void {
  const groups = useTabs.getState().tabs.groups;
  const strips = document.querySelectorAll("[role=tablist][aria-label='Open files']");
  strips[groups.findIndex(({ id }) => id === wanted)]?.querySelector<HTMLElement>("[aria-selected=true]")?.focus();
  wanted = null;
}

function isReplaced(fileId: Id): boolean {
  const status = useDocuments.getState().status[fileId];
  return status !== undefined && status.kind !== "loading" && (status.kind !== "text" || status.phase === "conflict");
}

/** Nobody has begun something else meanwhile: a dialog, a name, a search. */
function isFree(): boolean {
  const { activeElement } = document;
  return !document.querySelector("dialog[open]") && !(activeElement instanceof HTMLInputElement);
}

/** Opens the active tab in a new group and focuses it. */
export function splitEditor(): void {
  change(tabs.split);
  focusActive();
}

/** Puts the cursor at the pending target, as soon as the right text is on the screen. */
export function goToTarget(): void {
  const target = pendingTarget();
  const tab = tabs.activeTab(useTabs.getState().tabs);
  const editor = focusedEditor();
  if (!target || !editor?.getModel() || !tab || !tabs.isFileTab(tab) || tab.fileId !== target.fileId) return;
  const { line, column, end = { line, column } } = target;
  clearTarget();
  editor.setSelection({ startLineNumber: line, startColumn: column, endLineNumber: end.line, endColumn: end.column });
  editor.revealPositionInCenter({ lineNumber: line, column });
}

onOpened((quiet) => {
  goToTarget();
  if (!quiet) focusActive();
});

onClosed(focusActive);

provideSelection(() => {
  const editor = focusedEditor();
  const selection = editor?.getSelection();
  if (!selection || selection.startLineNumber !== selection.endLineNumber) return "";
  return editor?.getModel()?.getValueInRange(selection) ?? "";
});
