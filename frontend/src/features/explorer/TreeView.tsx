"use client";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { Menu, type MenuPlace } from "@/ui/Menu";
import { useDocuments } from "@/model/documents/documents";
import { useActiveFileId } from "@/shell/tabs/store";
import { useProblemPaths } from "@/model/problems";
import { others, useLive } from "@/model/live/store";
import { useWindow } from "@/lib/useWindow";
import { commitEditing, endEditing } from "./actions";
import { entryMenu } from "./menu";
import { NameRow } from "./NameRow";
import { onTreeKey } from "./keyboard";
import { useRowDrag } from "./drag";
import { selectOnly } from "@/model/files/selection";
import { selectOpened, useFiles } from "@/model/files/store";
import { TreeRow, type RowMarks } from "./TreeRow";
import type { Row } from "@/model/files/tree";

export const ROW_HEIGHT = 24;
const OVERSCAN = 12;

/** Renders only the visible rows: 100,000 entries cost as much as 40. */
export function TreeView() {
  const rows = useRows();
  const editing = useFiles((state) => state.editing);
  const selection = useFiles((state) => state.selection);
  const activeFile = useActiveFileId();
  const box = useRef<HTMLDivElement>(null);
  const { from, to, slots, onScroll } = useWindow(box, rows.length, ROW_HEIGHT, OVERSCAN);
  const marks = useMarks();
  const [menu, setMenu] = useState<MenuPlace | null>(null);
  const drag = useRowDrag(box);
  const focusRow = useMemo(() => (selection.focus ? rows.findIndex((row) => row.path === selection.focus) : -1), [rows, selection.focus]);
  const nameAt = editing && editing.kind !== "rename" ? newRowPlace(rows, editing.path) : null;

  useScrollTo(box, focusRow);
  useRevealOf(activeFile, rows, box);

  const openMenu = (place: MenuPlace, path: string | null) => {
    if (path && !useFiles.getState().selection.chosen.has(path)) useFiles.setState({ selection: selectOnly(path) });
    setMenu(place);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) {
      event.preventDefault();
      const bounds = box.current!.getBoundingClientRect();
      const top = bounds.top + Math.max(0, focusRow) * ROW_HEIGHT - box.current!.scrollTop + ROW_HEIGHT;
      return openMenu({ x: bounds.left + 32, y: top }, selection.focus);
    }
    onTreeKey(event, rows, Math.floor((box.current?.clientHeight ?? 400) / ROW_HEIGHT));
  };

  const shift = (index: number) => (nameAt && index >= nameAt.index ? 1 : 0);
  return (
    <>
      <div
        ref={box}
        role="tree"
        aria-label="Files"
        aria-multiselectable
        tabIndex={0}
        aria-activedescendant={focusRow >= from && focusRow < to ? rowId(rows[focusRow]!) : undefined}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        onContextMenu={(event) => {
          event.preventDefault();
          const row = (event.target as Element).closest<HTMLElement>("[data-path]");
          openMenu({ x: event.clientX, y: event.clientY }, row?.dataset.path ?? null);
        }}
        onClick={(event) =>
          event.target === event.currentTarget && useFiles.setState({ selection: { chosen: new Set(), focus: null, anchor: null } })
        }
        {...drag.handlers}
        className="group/tree h-full overflow-auto overscroll-contain pb-6 focus-visible:outline-none"
        data-drop={drag.target === "" || undefined}
      >
        <div className="relative min-w-full" style={{ height: (rows.length + (nameAt ? 1 : 0)) * ROW_HEIGHT }} role="presentation">
          {rows.slice(from, to).map((row, offset) => {
            const index = from + offset;
            const top = (index + shift(index)) * ROW_HEIGHT;
            if (editing?.kind === "rename" && editing.path === row.path) {
              return <NameRow key={row.id} top={top} depth={row.depth} editing={editing} onCommit={commitEditing} onCancel={endEditing} />;
            }
            return (
              // Elements of rows that leave the view are reused for those that enter it.
              <TreeRow
                key={index % slots}
                row={row}
                top={top}
                {...marks(row)}
                chosen={selection.chosen.has(row.path)}
                focused={selection.focus === row.path}
                active={row.id === activeFile}
                dropTarget={drag.target !== null && drag.target !== "" && drag.target === row.path}
              />
            );
          })}
          {nameAt && editing && (
            <NameRow
              top={nameAt.index * ROW_HEIGHT}
              depth={nameAt.depth}
              editing={editing}
              onCommit={commitEditing}
              onCancel={endEditing}
            />
          )}
        </div>
      </div>
      {menu && <Menu label="File actions" place={menu} entries={entryMenu()} onClose={() => setMenu(null)} />}
    </>
  );
}

export function rowId(row: Row): string {
  return `row-${row.id}`;
}

function useRows(): Row[] {
  const tree = useFiles((state) => state.tree);
  const shape = useFiles((state) => state.tree.shape);
  const open = useFiles((state) => state.open);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the tree changes in place; its shape says when
  return useMemo(() => tree.rows(open), [tree, shape, open]);
}

/** The marks of a row. They are looked up once for all rows, so that no row subscribes to a store. */
function useMarks(): (row: Row) => RowMarks {
  const problems = useProblemPaths();
  const status = useDocuments((state) => state.status);
  const changed = useFiles((state) => state.changed);
  const cut = useFiles((state) => state.cut);
  const presence = useLive((state) => state.presence);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- `others` reads the presence it is told of
  const people = useMemo(() => new Map(others(useLive.getState()).map((person) => [person.file_id, person])), [presence]);
  return (row) => {
    const known = status[row.id];
    return {
      failing: problems.get(row.path),
      dirty: known?.kind === "text" && known.phase !== "clean" && known.phase !== "saving",
      changed: changed.has(row.id),
      cut: cut.has(row.path),
      person: row.folder ? undefined : people.get(row.id),
    };
  };
}

/** The row of a new entry is the first in its folder. */
function newRowPlace(rows: readonly Row[], folder: string): { index: number; depth: number } {
  const at = folder ? rows.findIndex((row) => row.path === folder) : -1;
  return { index: at + 1, depth: at < 0 ? 0 : rows[at]!.depth + 1 };
}

function useScrollTo(box: React.RefObject<HTMLDivElement | null>, index: number) {
  useEffect(() => {
    const element = box.current;
    if (!element || index < 0) return;
    const top = index * ROW_HEIGHT;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + ROW_HEIGHT > element.scrollTop + element.clientHeight) element.scrollTop = top + ROW_HEIGHT - element.clientHeight;
  }, [box, index]);
}

/** Reveals the active file whenever another file becomes active. */
function useRevealOf(fileId: string | null, rows: readonly Row[], box: React.RefObject<HTMLDivElement | null>) {
  const last = useRef<string | null>(null);
  useEffect(() => {
    if (!fileId || fileId === last.current) return;
    const index = rows.findIndex((row) => row.id === fileId);
    const element = box.current;
    if (!element) return;
    if (index < 0) return selectOpened(fileId);
    last.current = fileId;
    selectOpened(fileId);
    const top = index * ROW_HEIGHT;
    const visible = top >= element.scrollTop && top + ROW_HEIGHT <= element.scrollTop + element.clientHeight;
    if (!visible) element.scrollTop = top - element.clientHeight / 2;
  }, [fileId, rows, box]);
}
