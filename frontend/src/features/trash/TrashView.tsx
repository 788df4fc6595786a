"use client";
import { useEffect, useRef, useState, type KeyboardEvent, type MouseEvent } from "react";
import { History, RefreshCw, RotateCcw, Trash2, TriangleAlert, X } from "lucide-react";
import { messageOf } from "@/api/problem";
import type { TrashEntry } from "@/api/types";
import { cx } from "@/lib/cx";
import { ago, bytes, count, moment } from "@/lib/format";
import { basename, parent } from "@/lib/path";
import { useNow } from "@/lib/useNow";
import { useWindow } from "@/lib/useWindow";
import { noSelection, ranged, selectOnly, toggled, type Selection } from "@/model/files/selection";
import { useFiles } from "@/model/files/store";
import { loadTrash, useTrash } from "@/model/trash";
import { execute } from "@/shell/commands";
import { Button, IconButton } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { FileIcon, FolderIcon } from "@/ui/FileIcon";
import { Menu, type MenuEntry, type MenuPlace } from "@/ui/Menu";
import { empty, removeForGood, restore } from "./actions";

/** What was deleted, newest first: restored, or deleted for good. */
export function TrashView() {
  const projectId = useFiles((state) => state.projectId);
  const { status, entries, error } = useTrash();
  const [selection, setSelection] = useState<Selection>(noSelection);
  const chosen = entries.filter(({ id }) => selection.chosen.has(id));
  useEffect(() => {
    if (projectId) void loadTrash(projectId);
  }, [projectId]);
  return (
    <div className="flex h-full flex-col">
      <div className="flex h-9.5 shrink-0 items-center justify-between pr-1.5 pl-3.5">
        <h2 className="text-2xs font-semibold tracking-[0.06em] text-muted uppercase">Trash</h2>
        <div className="flex">
          <IconButton label="Restore" icon={RotateCcw} keys="Enter" disabled={!chosen.length} onClick={() => void restore(chosen)} />
          <IconButton label="Delete for good" icon={X} keys="Delete" disabled={!chosen.length} onClick={() => void removeForGood(chosen)} />
          <IconButton label="Empty trash" icon={Trash2} disabled={!entries.length} onClick={() => void empty()} />
        </div>
      </div>
      <div className="min-h-0 flex-1">
        {status === "failed" && <Failed error={error} />}
        {status === "ready" && !entries.length && (
          <Empty icon={Trash2} title="The trash is empty">
            Deleted files and folders are kept here for a while.
          </Empty>
        )}
        {status === "ready" && entries.length > 0 && (
          <TrashList entries={entries} chosen={chosen} selection={selection} onSelect={setSelection} />
        )}
      </div>
    </div>
  );
}

function Failed({ error }: { error: unknown }) {
  const retry = () => {
    const { projectId } = useFiles.getState();
    if (projectId) void loadTrash(projectId);
  };
  return (
    <Empty icon={TriangleAlert} title="The trash can't be loaded">
      <p>{messageOf(error)}</p>
      <Button small icon={RefreshCw} onClick={retry} className="mt-2">
        Try again
      </Button>
    </Empty>
  );
}

interface TrashListProps {
  entries: readonly TrashEntry[];
  chosen: readonly TrashEntry[];
  selection: Selection;
  onSelect(selection: Selection): void;
}

const ROW_HEIGHT = 44;
const OVERSCAN = 8;

function TrashList({ entries, chosen, selection, onSelect }: TrashListProps) {
  const box = useRef<HTMLDivElement>(null);
  const [menu, setMenu] = useState<MenuPlace | null>(null);
  const now = useNow(30_000);
  const { from, to, slots, onScroll } = useWindow(box, entries.length, ROW_HEIGHT, OVERSCAN);
  const rows = entries.map(({ id }) => ({ path: id }));
  const at = rows.findIndex(({ path }) => path === selection.focus);

  const select = (event: MouseEvent, id: string) => {
    if (event.shiftKey) onSelect(ranged(selection, id, rows));
    else onSelect(event.ctrlKey || event.metaKey ? toggled(selection, id) : selectOnly(id));
  };
  const go = (event: KeyboardEvent, to: number) => {
    const index = Math.max(0, Math.min(rows.length - 1, to));
    const { path } = rows[index]!;
    onSelect(event.shiftKey ? ranged(selection, path, rows) : selectOnly(path));
    bringIntoView(box.current!, index);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const keys: Record<string, () => void> = {
      ArrowDown: () => go(event, at + 1),
      ArrowUp: () => go(event, at - 1),
      Home: () => go(event, 0),
      End: () => go(event, rows.length - 1),
      Enter: () => void restore(chosen),
      Delete: () => void removeForGood(chosen),
    };
    if ((event.ctrlKey || event.metaKey) && event.key === "a") {
      keys.a = () => onSelect({ ...selection, chosen: new Set(rows.map(({ path }) => path)) });
    }
    const action = keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };

  return (
    <>
      <div
        ref={box}
        role="listbox"
        aria-label="Deleted files"
        aria-multiselectable
        aria-activedescendant={at >= from && at < to ? `trash-${rows[at]!.path}` : undefined}
        tabIndex={0}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        className="group/trash h-full overflow-auto overscroll-contain pb-4 focus-visible:outline-none"
      >
        <div role="presentation" className="relative" style={{ height: entries.length * ROW_HEIGHT }}>
          {entries.slice(from, to).map((entry, offset) => (
            <TrashRow
              key={(from + offset) % slots}
              entry={entry}
              now={now}
              top={(from + offset) * ROW_HEIGHT}
              position={from + offset + 1}
              count={entries.length}
              chosen={selection.chosen.has(entry.id)}
              focused={selection.focus === entry.id}
              onSelect={(event) => select(event, entry.id)}
              onMenu={(place) => {
                if (!selection.chosen.has(entry.id)) onSelect(selectOnly(entry.id));
                setMenu(place);
              }}
            />
          ))}
        </div>
      </div>
      {menu && <Menu label="Actions on deleted files" place={menu} entries={menuOf(chosen)} onClose={() => setMenu(null)} />}
    </>
  );
}

function bringIntoView(box: HTMLElement, index: number): void {
  const top = index * ROW_HEIGHT;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + ROW_HEIGHT > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW_HEIGHT - box.clientHeight;
}

function menuOf(chosen: readonly TrashEntry[]): MenuEntry[] {
  const [first] = chosen;
  const history: MenuEntry[] =
    chosen.length === 1 && first!.type === "file"
      ? [{ id: "history", label: "Local history", icon: History, run: () => execute("timeline.show", first!.path) }]
      : [];
  return [
    { id: "restore", label: "Restore", icon: RotateCcw, keys: "Enter", run: () => void restore(chosen) },
    ...history,
    null,
    { id: "remove", label: "Delete for good", icon: X, keys: "Delete", danger: true, run: () => void removeForGood(chosen) },
  ];
}

interface TrashRowProps {
  entry: TrashEntry;
  now: number;
  top: number;
  position: number;
  count: number;
  chosen: boolean;
  focused: boolean;
  onSelect(event: MouseEvent): void;
  onMenu(place: MenuPlace): void;
}

function TrashRow({ entry, now, top, position, count: size, chosen, focused, onSelect, onMenu }: TrashRowProps) {
  const { path, type } = entry;
  return (
    <div
      id={`trash-${entry.id}`}
      role="option"
      aria-selected={chosen}
      aria-posinset={position}
      aria-setsize={size}
      data-tip={tipOf(entry)}
      onClick={onSelect}
      onContextMenu={(event) => {
        event.preventDefault();
        onMenu({ x: event.clientX, y: event.clientY });
      }}
      style={{ top, height: ROW_HEIGHT }}
      className={cx(
        "absolute inset-x-1.5 flex items-center gap-2 rounded-[6px] px-2 select-none",
        chosen ? "bg-active" : "hover:bg-hover",
        focused &&
          "group-focus-visible/trash:outline-2 group-focus-visible/trash:-outline-offset-2 group-focus-visible/trash:outline-(--focus)",
      )}
    >
      {type === "folder" ? <FolderIcon open={false} /> : <FileIcon path={path} />}
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline gap-2">
          <span className="min-w-0 flex-1 truncate">{basename(path)}</span>
          <span className="tabular shrink-0 text-2xs text-faint">{ago(entry.deleted_at, now)}</span>
        </span>
        <span className="flex items-baseline gap-2 text-2xs text-faint">
          <span className="min-w-0 flex-1 truncate">{[parent(path), entry.deleted_by?.name].filter(Boolean).join(" · ")}</span>
          <span className="tabular shrink-0">{sizeOf(entry)}</span>
        </span>
      </span>
    </div>
  );
}

function sizeOf({ type, files, size }: TrashEntry): string {
  return type === "folder" ? `${count(files, "file")}, ${bytes(size)}` : bytes(size);
}

function tipOf({ path, deleted_at, deleted_by, expires_at }: TrashEntry): string {
  const who = deleted_by?.name ? ` by ${deleted_by.name}` : "";
  const until = expires_at ? `. Kept until ${moment(expires_at)}` : "";
  return `${path}. Deleted ${moment(deleted_at)}${who}${until}`;
}
