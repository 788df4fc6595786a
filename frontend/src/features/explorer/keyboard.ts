/** The tree's keys, as the ARIA pattern for trees has them. */
import type { KeyboardEvent } from "react";
import { openFile } from "@/shell/tabs/open";
import { parent } from "@/lib/path";
import { beginRename, copyPath } from "./actions";
import { copyChosen, cutChosen, paste, removeChosen } from "./transfers";
import { undoLast } from "./undo";
import { selectOnly, ranged, toggled } from "@/model/files/selection";
import { setOpen, useFiles } from "@/model/files/store";
import type { Row } from "@/model/files/tree";

const TYPING_MS = 700;
let typed = "";
let typedAt = 0;

export function onTreeKey(event: KeyboardEvent, rows: readonly Row[], page: number): void {
  if ((event.target as Element).tagName === "INPUT") return;
  const { selection } = useFiles.getState();
  const at = rows.findIndex((row) => row.path === selection.focus);
  const row = rows[at];
  const go = (index: number) => goTo(rows, Math.max(0, Math.min(rows.length - 1, index)), event.shiftKey);

  const actions: Record<string, () => void> = {
    ArrowDown: () => go(at + 1),
    ArrowUp: () => go(at - 1),
    PageDown: () => go(at + page),
    PageUp: () => go(at - page),
    Home: () => go(0),
    End: () => go(rows.length - 1),
    ArrowRight: () => row && into(rows, at, row),
    ArrowLeft: () => row && outOf(rows, row),
    Enter: () => row && enter(row),
    " ": () => row && useFiles.setState({ selection: toggled(selection, row.path) }),
    F2: beginRename,
    Delete: () => void removeChosen(),
    Backspace: () => (event.metaKey ? void removeChosen() : undefined),
    Escape: () => row && useFiles.setState({ selection: selectOnly(row.path), cut: new Set(), copied: [] }),
  };
  const mod = event.ctrlKey || event.metaKey;
  const withMod: Record<string, () => void> = {
    a: () => selectAll(rows),
    c: () => (event.shiftKey ? void copyPath() : copyChosen()),
    x: cutChosen,
    v: () => void paste(),
    z: () => (event.shiftKey ? undefined : void undoLast()),
  };
  const action = mod ? (withMod[event.key.toLowerCase()] ?? actions[event.key]) : actions[event.key];
  if (action) {
    event.preventDefault();
    action();
  } else if (event.key.length === 1 && !mod && !event.altKey) {
    typeAhead(rows, at, event.key);
  }
}

function goTo(rows: readonly Row[], index: number, extend: boolean): void {
  const row = rows[index];
  if (!row) return;
  const { selection } = useFiles.getState();
  useFiles.setState({ selection: extend ? ranged(selection, row.path, rows) : selectOnly(row.path) });
}

function into(rows: readonly Row[], at: number, row: Row): void {
  if (!row.folder) return;
  if (!row.expanded) setOpen(row.path, true);
  else if (rows[at + 1]?.depth === row.depth + 1) goTo(rows, at + 1, false);
}

function outOf(rows: readonly Row[], row: Row): void {
  if (row.folder && row.expanded) return setOpen(row.path, false);
  const above = rows.findIndex((other) => other.path === parent(row.path));
  if (above >= 0) goTo(rows, above, false);
}

function enter(row: Row): void {
  if (row.folder) setOpen(row.path, !row.expanded);
  else openFile(row.id);
}

function selectAll(rows: readonly Row[]): void {
  const { selection } = useFiles.getState();
  useFiles.setState({ selection: { ...selection, chosen: new Set(rows.map((row) => row.path)) } });
}

/** Letters go to the next row that starts with them. */
function typeAhead(rows: readonly Row[], at: number, letter: string): void {
  const now = performance.now();
  typed = now - typedAt < TYPING_MS ? typed + letter.toLowerCase() : letter.toLowerCase();
  typedAt = now;
  const start = typed.length === 1 ? at + 1 : Math.max(0, at);
  for (let step = 0; step < rows.length; step++) {
    const index = (start + step) % rows.length;
    if (rows[index]!.name.toLowerCase().startsWith(typed)) return goTo(rows, index, false);
  }
}
