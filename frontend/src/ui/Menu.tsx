"use client";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { LucideIcon } from "lucide-react";
import { Check } from "lucide-react";
import { cx } from "@/lib/cx";
import { Kbd } from "./Kbd";

export interface MenuItem {
  id: string;
  label: string;
  icon?: LucideIcon;
  keys?: string;
  detail?: string;
  checked?: boolean;
  danger?: boolean;
  run(): void;
}

/** `null` draws a separator. */
export type MenuEntry = MenuItem | null;

export interface MenuPlace {
  x: number;
  y: number;
  /** Aligns the menu's right edge to x. */
  end?: boolean;
  /** Aligns the menu's lower edge to y. */
  up?: boolean;
}

interface MenuProps {
  label: string;
  place: MenuPlace;
  entries: MenuEntry[];
  onClose(): void;
}

const MARGIN = 8;

export function Menu({ label, place, entries, onClose }: MenuProps) {
  const ref = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<{ left: number; top: number } | null>(null);
  const before = useRef<HTMLElement | null>(null);
  const close = useRef(onClose);
  close.current = onClose;

  useLayoutEffect(() => {
    before.current ??= document.activeElement as HTMLElement | null;
    const box = ref.current!.getBoundingClientRect();
    const left = place.end ? place.x - box.width : place.x;
    const top = place.up ? place.y - box.height : place.y;
    setAt({
      left: Math.max(MARGIN, Math.min(left, window.innerWidth - box.width - MARGIN)),
      top: Math.max(MARGIN, Math.min(top, window.innerHeight - box.height - MARGIN)),
    });
  }, [place]);

  // Hidden elements can't be focused, so this waits until the menu is positioned.
  const placed = at !== null;
  useLayoutEffect(() => {
    if (placed) ref.current!.querySelector<HTMLElement>("[role^=menuitem]")?.focus();
  }, [placed]);

  useEffect(() => {
    const menu = ref.current;
    const outside = ({ target }: Event) => {
      if (!(target instanceof Node) || !menu?.contains(target)) close.current();
    };
    window.addEventListener("pointerdown", outside, true);
    window.addEventListener("blur", outside);
    return () => {
      window.removeEventListener("pointerdown", outside, true);
      window.removeEventListener("blur", outside);
      if (menu?.contains(document.activeElement) || document.activeElement === document.body) before.current?.focus?.();
    };
  }, []);

  return (
    <div
      ref={ref}
      role="menu"
      aria-label={label}
      onKeyDown={(event) => onMenuKey(event, ref.current!, onClose)}
      onContextMenu={(event) => event.preventDefault()}
      style={at ?? { left: 0, top: 0, visibility: "hidden" }}
      className="appear fixed z-50 max-h-[70vh] min-w-48 overflow-y-auto rounded-lg bg-raised p-1 shadow-pop"
    >
      {entries.map((entry, index) =>
        entry === null ? (
          <div key={`rule-${index}`} role="separator" className="mx-2 my-1 h-px bg-line" />
        ) : (
          <Item key={entry.id} item={entry} onDone={onClose} />
        ),
      )}
    </div>
  );
}

function Item({ item, onDone }: { item: MenuItem; onDone(): void }) {
  const Icon = item.checked ? Check : item.icon;
  const choose = () => {
    onDone();
    item.run();
  };
  return (
    <button
      type="button"
      role={item.checked === undefined ? "menuitem" : "menuitemradio"}
      aria-checked={item.checked}
      tabIndex={-1}
      onClick={choose}
      onPointerMove={(event) => event.currentTarget.focus()}
      className={cx(
        "flex h-7.5 w-full items-center gap-2.5 rounded-[5px] px-2 text-left text-sm outline-none focus:bg-hover",
        item.danger ? "text-bad" : "text-text",
      )}
    >
      <span className="flex w-4 shrink-0 justify-center text-muted">{Icon && <Icon size={14} aria-hidden />}</span>
      <span className="min-w-0 flex-1 truncate">{item.label}</span>
      {item.detail && <span className="text-xs text-faint">{item.detail}</span>}
      {item.keys && <Kbd keys={item.keys} />}
    </button>
  );
}

function onMenuKey(event: React.KeyboardEvent, menu: HTMLElement, onClose: () => void): void {
  const items = [...menu.querySelectorAll<HTMLElement>("[role^=menuitem]")];
  const index = items.indexOf(document.activeElement as HTMLElement);
  const go = (to: number) => items[(to + items.length) % items.length]?.focus();
  const moves: Record<string, () => void> = {
    ArrowDown: () => go(index + 1),
    ArrowUp: () => go(index - 1),
    Home: () => go(0),
    End: () => go(-1),
    Escape: onClose,
    Tab: onClose,
  };
  const move = moves[event.key];
  event.stopPropagation();
  if (!move) return;
  event.preventDefault();
  move();
}

/** Opens a menu under a button. */
export function below(element: Element, end = false): MenuPlace {
  const box = element.getBoundingClientRect();
  return { x: end ? box.right : box.left, y: box.bottom + 4, end };
}

/** Opens a menu over a button. */
export function above(element: Element): MenuPlace {
  const box = element.getBoundingClientRect();
  return { x: box.right, y: box.top - 4, end: true, up: true };
}
