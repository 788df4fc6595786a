/** The visible editors: which one has the keyboard focus, and going to a position in a file. */
import { clearTarget, onOpened, pendingTarget } from "@/shell/tabs/open";
import { change, useTabs } from "@/shell/tabs/store";
import * as tabs from "@/shell/tabs/tabs";
import type { CodeEditor } from "@/lib/monaco";

/** The editor of each group, while it is on the screen. */
const editors = new Map<number, CodeEditor>();
/** The group whose editor gets the focus as soon as it exists. */
let wanted: number | null = null;

export function attachEditor(groupId: number, editor: CodeEditor): () => void {
  editors.set(groupId, editor);
  if (wanted === groupId) editor.focus();
  wanted = null;
  return () => void (editors.get(groupId) === editor && editors.delete(groupId));
}

export function focusedEditor(): CodeEditor | undefined {
  return editors.get(useTabs.getState().tabs.focused);
}

/** Opens the active tab in a new group and focuses it. */
export function splitEditor(): void {
  change(tabs.split);
  const { focused } = useTabs.getState().tabs;
  if (!editors.has(focused)) wanted = focused;
}

/** Puts the cursor at the pending target, as soon as the right text is on the screen. */
export function goToTarget(): void {
  const target = pendingTarget();
  const tab = tabs.activeTab(useTabs.getState().tabs);
  const editor = focusedEditor();
  if (!target || !editor?.getModel() || !tab || !tabs.isFileTab(tab) || tab.fileId !== target.fileId) return;
  const position = { lineNumber: target.line, column: target.column };
  clearTarget();
  editor.setPosition(position);
  editor.revealPositionInCenter(position);
}

onOpened((quiet) => {
  goToTarget();
  if (!quiet) requestAnimationFrame(() => focusedEditor()?.focus());
});
