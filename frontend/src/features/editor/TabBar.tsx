"use client";
import { useEffect, useRef, useState, type DragEvent, type KeyboardEvent, type MouseEvent } from "react";
import { Columns2, X } from "lucide-react";
import { execute, menuItem } from "@/shell/commands";
import { entryOf, reveal, useFiles } from "@/model/files/store";
import { useLayout } from "@/shell/panes";
import { IconButton } from "@/ui/Button";
import { Menu, type MenuPlace } from "@/ui/Menu";
import { basename, parent } from "@/lib/path";
import { cx } from "@/lib/cx";
import { useDocuments } from "@/model/documents/documents";
import { tabView, type TabView } from "@/shell/contributions";
import { closeTab, closeTabs } from "@/shell/tabs/open";
import { change } from "@/shell/tabs/store";
import * as tabs from "@/shell/tabs/tabs";
import { focusActive } from "./focus";

const TYPE = "application/x-engunity-tab";

export function TabBar({ group, focused }: { group: tabs.Group; focused: boolean }) {
  const strip = useRef<HTMLDivElement>(null);
  const [dropAt, setDropAt] = useState<number | null>(null);
  const [menu, setMenu] = useState<{ place: MenuPlace; tab: tabs.Tab } | null>(null);
  useFiles((state) => state.version);

  useEffect(() => {
    strip.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [group.active]);

  const indexAt = (event: DragEvent) => {
    const boxes = [...strip.current!.querySelectorAll("[role=tab]")].map((element) => element.getBoundingClientRect());
    const index = boxes.findIndex((box) => event.clientX < box.left + box.width / 2);
    return index < 0 ? boxes.length : index;
  };
  const onDrop = (event: DragEvent) => {
    setDropAt(null);
    const data = event.dataTransfer.getData(TYPE);
    if (!data) return;
    event.preventDefault();
    const { key, from } = JSON.parse(data) as { key: string; from: number };
    change((state) => tabs.move(state, key, from, group.id, indexAt(event)));
    focusActive();
  };

  return (
    <div className="flex h-9.5 shrink-0 border-b border-line bg-app">
      <div
        ref={strip}
        role="tablist"
        aria-label="Open files"
        className="flex min-w-0 flex-1 overflow-x-auto [scrollbar-width:none]"
        onWheel={(event) => strip.current!.scrollBy({ left: event.deltaY })}
        onDragOver={(event) => {
          if (!event.dataTransfer.types.includes(TYPE)) return;
          event.preventDefault();
          setDropAt(indexAt(event));
        }}
        onDragLeave={() => setDropAt(null)}
        onDrop={onDrop}
        onKeyDown={(event) => onTabKey(event, group)}
      >
        {group.tabs.map((tab, index) => (
          <TabItem
            key={tab.key}
            tab={tab}
            group={group}
            focused={focused}
            dropBefore={dropAt === index}
            dropAfter={dropAt === group.tabs.length && index === group.tabs.length - 1}
            onMenu={(place) => setMenu({ place, tab })}
          />
        ))}
      </div>
      <div className="flex items-center px-1">
        <IconButton label="Split editor" icon={Columns2} keys="Mod+\" onClick={() => execute("editor.split")} className="max-sm:hidden" />
      </div>
      {menu && <Menu label="Tab actions" place={menu.place} entries={tabMenu(group, menu.tab)} onClose={() => setMenu(null)} />}
    </div>
  );
}

interface TabItemProps {
  tab: tabs.Tab;
  group: tabs.Group;
  focused: boolean;
  dropBefore: boolean;
  dropAfter: boolean;
  onMenu(place: MenuPlace): void;
}

function TabItem(props: TabItemProps) {
  const view = tabView(props.tab.kind);
  return view ? <KnownTab {...props} view={view} /> : null;
}

function KnownTab({ tab, view, group, focused, dropBefore, dropAfter, onMenu }: TabItemProps & { view: TabView }) {
  const active = tab.key === group.active;
  const { path, icon, state } = view.useLabel(tab);
  const conflict = state === "conflict";
  const dirty = state === "unsaved" || conflict;
  const name = basename(path);
  const twin = hasTwin(group, tab, name);
  const close = () => closeTab(group.id, tab.key);

  return (
    <div
      className={cx(
        "group/tab relative flex max-w-56 min-w-0 shrink-0 items-center border-r border-line",
        active ? "bg-surface" : "text-muted hover:bg-hover hover:text-text",
        dropBefore && "before:absolute before:inset-y-0 before:left-0 before:z-10 before:w-0.5 before:bg-(--focus)",
        dropAfter && "after:absolute after:inset-y-0 after:right-0 after:z-10 after:w-0.5 after:bg-(--focus)",
      )}
      role="presentation"
      draggable
      onDragStart={(event) => {
        event.dataTransfer.setData(TYPE, JSON.stringify({ key: tab.key, from: group.id }));
        event.dataTransfer.effectAllowed = "move";
      }}
      onMouseDown={(event: MouseEvent) => event.button === 1 && event.preventDefault()}
      onAuxClick={(event: MouseEvent) => event.button === 1 && close()}
      onContextMenu={(event: MouseEvent) => {
        event.preventDefault();
        onMenu({ x: event.clientX, y: event.clientY });
      }}
    >
      {active && <span aria-hidden className={cx("absolute inset-x-0 -bottom-px z-10 h-px", focused ? "bg-surface" : "bg-surface")} />}
      {active && <span aria-hidden className={cx("absolute inset-x-0 top-0 h-[2px]", focused ? "bg-(--focus)" : "bg-line-strong")} />}
      <button
        type="button"
        role="tab"
        aria-selected={active}
        aria-label={`${name}${dirty ? ", unsaved" : ""}${conflict ? ", conflict" : ""}`}
        data-tip={path}
        tabIndex={active ? 0 : -1}
        onClick={() => {
          change((state) => tabs.activate(state, group.id, tab.key));
          focusActive();
        }}
        onDoubleClick={() => change((state) => tabs.pin(state, tab.key))}
        className="flex h-full min-w-0 items-center gap-1.5 pr-7 pl-3 text-left"
      >
        {icon}
        <span className={cx("truncate", tab.preview && "pr-0.5 italic", conflict && "text-bad")}>{name}</span>
        {twin && <span className="truncate text-2xs text-faint">{basename(parent(path)) || "/"}</span>}
      </button>
      <button
        type="button"
        tabIndex={-1}
        aria-hidden
        title={`Close ${name}`}
        onClick={close}
        className={cx(
          "group/close absolute right-1.5 flex size-5 items-center justify-center rounded-[5px] text-muted hover:bg-hover hover:text-text",
          !dirty && !active && "opacity-0 group-hover/tab:opacity-100 focus-visible:opacity-100",
        )}
      >
        {dirty && <span aria-hidden className={cx("size-2 rounded-full group-hover/close:hidden", conflict ? "bg-bad" : "bg-(--text)")} />}
        <X size={13} aria-hidden className={cx(dirty && "hidden group-hover/close:block")} />
      </button>
    </div>
  );
}

/** Open files of the same name show their folders too. */
function hasTwin(group: tabs.Group, tab: tabs.Tab, name: string): boolean {
  return group.tabs.some((other) => other.key !== tab.key && tabs.isFileTab(other) && basename(entryOf(other.fileId)?.path ?? "") === name);
}

function onTabKey(event: KeyboardEvent, group: tabs.Group): void {
  if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
    event.preventDefault();
    change((state) => tabs.step(tabs.focus(state, group.id), event.key === "ArrowRight" ? 1 : -1));
    const strip = event.currentTarget as HTMLElement;
    requestAnimationFrame(() => strip.querySelector<HTMLElement>("[aria-selected=true]")?.focus());
  }
  if (event.key === "Delete" && group.active) void closeTab(group.id, group.active);
}

function tabMenu(group: tabs.Group, tab: tabs.Tab) {
  const path = tabs.isFileTab(tab) ? entryOf(tab.fileId)?.path : undefined;
  const inGroup = (other: tabs.Group) => other.id === group.id;
  const at = group.tabs.findIndex((item) => item.key === tab.key);
  return [
    { id: "close", label: "Close", keys: "Alt+W", run: () => closeTab(group.id, tab.key) },
    { id: "others", label: "Close others", run: () => closeTabs((item, g) => inGroup(g) && item.key !== tab.key) },
    { id: "right", label: "Close to the right", run: () => closeTabs((item, g) => inGroup(g) && g.tabs.indexOf(item) > at) },
    { id: "saved", label: "Close saved", run: () => closeTabs((item, g) => inGroup(g) && isSaved(item)) },
    menuItem("editor.reopen"),
    null,
    ...["editor.moveLeft", "editor.moveRight", "editor.moveAcross"].map((id) => ({ ...menuItem(id), run: () => onTab(group, tab, id) })),
    null,
    menuItem("editor.split"),
    ...(path
      ? [
          { ...menuItem("timeline.show"), run: () => execute("timeline.show", path) },
          {
            id: "reveal",
            label: "Reveal in explorer",
            run: () => {
              useLayout.getState().showSide("files");
              reveal(path);
            },
          },
        ]
      : []),
  ];
}

/** Activates the tab of the menu and runs a command on it. */
function onTab(group: tabs.Group, tab: tabs.Tab, id: string): void {
  change((state) => tabs.activate(state, group.id, tab.key));
  execute(id);
}

function isSaved(tab: tabs.Tab): boolean {
  if (!tabs.isFileTab(tab)) return true;
  const status = useDocuments.getState().status[tab.fileId];
  return status?.kind !== "text" || status.phase === "clean";
}
