import { memo, type MouseEvent } from "react";
import { ChevronRight } from "lucide-react";
import type { Presence } from "@/api/types";
import { openFile } from "@/shell/tabs/open";
import { personColour } from "@/ui/Avatar";
import { cx } from "@/lib/cx";
import { badgeOf, FileIcon, FolderIcon, LinkIcon } from "@/ui/FileIcon";
import { selectOnly, ranged, toggled } from "@/model/files/selection";
import { setOpen, useFiles } from "@/model/files/store";
import type { Row } from "@/model/files/tree";

export interface RowMarks {
  /** Problems in the file. */
  failing?: { count: number; error: boolean };
  dirty: boolean;
  /** Cut and not yet pasted. */
  cut: boolean;
  /** By someone else. */
  changed: boolean;
  /** Who else has the file open. */
  person?: Presence;
}

interface TreeRowProps extends RowMarks {
  row: Row;
  top: number;
  chosen: boolean;
  focused: boolean;
  /** The file in the editor. */
  active: boolean;
  dropTarget: boolean;
}

export const INDENT = 12;

export const TreeRow = memo(function TreeRow({ row, top, chosen, focused, active, dropTarget, failing, cut, ...marks }: TreeRowProps) {
  return (
    <div
      id={`row-${row.id}`}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-selected={chosen}
      aria-expanded={row.folder ? row.expanded : undefined}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-label={row.target === undefined ? row.name : `${row.name}, link to ${row.target}`}
      data-path={row.path}
      draggable
      onClick={(event) => onRowClick(event, row)}
      onDoubleClick={() => !row.folder && openFile(row.id)}
      style={{ top, paddingLeft: 8 + row.depth * INDENT }}
      className={cx(
        "absolute inset-x-1.5 flex h-6 items-center gap-1.5 rounded-[5px] pr-2 whitespace-nowrap select-none",
        chosen || active ? "bg-active" : "hover:bg-hover",
        focused &&
          "group-focus-visible/tree:outline-2 group-focus-visible/tree:-outline-offset-2 group-focus-visible/tree:outline-(--focus)",
        cut && "opacity-55",
        dropTarget && "bg-hover outline-1 -outline-offset-1 outline-(--focus)",
      )}
    >
      <Guides depth={row.depth} />
      {row.folder ? (
        <ChevronRight size={14} aria-hidden className={cx("shrink-0 text-faint", row.expanded && "rotate-90")} />
      ) : (
        <span className="w-3.5 shrink-0" />
      )}
      <RowIcon row={row} />
      <span className={cx("min-w-0 flex-1 truncate", failing && (failing.error ? "text-bad" : "text-warn"), active && "font-medium")}>
        {row.name}
        {row.target !== undefined && <span className="text-faint"> → {row.target}</span>}
      </span>
      {failing && <span className={cx("tabular text-2xs", failing.error ? "text-bad" : "text-warn")}>{failing.count}</span>}
      {!row.folder && <Marks name={row.name} {...marks} />}
    </div>
  );
});

function RowIcon({ row }: { row: Row }) {
  if (row.folder) return <FolderIcon open={row.expanded} />;
  return row.target === undefined ? <FileIcon path={row.name} /> : <LinkIcon />;
}

/** Indentation guides. */
function Guides({ depth }: { depth: number }) {
  return Array.from({ length: depth }, (_, level) => (
    <span key={level} aria-hidden className="absolute inset-y-0 w-px bg-line" style={{ left: 15 + level * INDENT }} />
  ));
}

function Marks({ name, dirty, changed, person }: Omit<RowMarks, "failing" | "cut"> & { name: string }) {
  return (
    <>
      {person && (
        <span
          role="img"
          aria-label={`${person.name} is here`}
          data-tip={`${person.name} is here`}
          className="size-2 rounded-full"
          style={{ background: personColour(person.conn_id) }}
        />
      )}
      {dirty && <span role="img" aria-label="Unsaved" className="size-[7px] rounded-full bg-(--text)" />}
      {!dirty && changed && (
        <span
          role="img"
          aria-label="Changed by someone else"
          data-tip="Changed by someone else"
          className="size-[7px] rounded-full bg-(--focus)"
        />
      )}
      {!dirty && !changed && (
        <span aria-hidden className="relative top-px font-mono text-[9px] tracking-wide text-faint">
          {badgeOf(name)}
        </span>
      )}
    </>
  );
}

function onRowClick(event: MouseEvent, row: Row): void {
  const { selection, tree, open } = useFiles.getState();
  if (event.shiftKey) return useFiles.setState({ selection: ranged(selection, row.path, tree.rows(open)) });
  if (event.ctrlKey || event.metaKey) return useFiles.setState({ selection: toggled(selection, row.path) });
  useFiles.setState({ selection: selectOnly(row.path) });
  if (row.folder) setOpen(row.path, !row.expanded);
  else openFile(row.id, { preview: true, quiet: true });
}
