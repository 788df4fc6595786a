import type { KeyboardEvent } from "react";

const SIDEWAYS: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 };
const ALL_WAYS: Record<string, number> = { ...SIDEWAYS, ArrowDown: 1, ArrowUp: -1 };

/** Arrow keys move to the next choice and select it, as in any radio group. */
export function onRadioKey(event: KeyboardEvent<HTMLElement>): void {
  move(event, "[role=radio]", ALL_WAYS[event.key]);
}

/** The same for the tabs of a horizontal list. */
export function onTabListKey(event: KeyboardEvent<HTMLElement>): void {
  move(event, "[role=tab]", SIDEWAYS[event.key]);
}

function move(event: KeyboardEvent<HTMLElement>, choices: string, by: number | undefined): void {
  if (!by) return;
  event.preventDefault();
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>(choices)];
  const next = all[(all.indexOf(document.activeElement as HTMLElement) + by + all.length) % all.length];
  next?.focus();
  next?.click();
}
