/** Moving the keyboard between panes. */
import { focusedEditor } from "@/features/editor/focus";

/** The panes in the order of the page; each gives its first place to stand. */
const PANES: { within: string; focus(): void }[] = [
  { within: "header", focus: () => document.querySelector<HTMLElement>("header button")?.focus() },
  {
    within: "aside",
    focus: () => first("aside:not([hidden]) [role=tree]", "aside:not([hidden]) input", "aside:not([hidden]) button")?.focus(),
  },
  {
    within: "main > div",
    focus: () => (focusedEditor() ? focusedEditor()!.focus() : document.querySelector<HTMLElement>("main > div button")?.focus()),
  },
  { within: "main > section", focus: () => document.querySelector<HTMLElement>("main > section [role=tab][aria-selected=true]")?.focus() },
  { within: "footer", focus: () => document.querySelector<HTMLElement>("footer button")?.focus() },
];

/** The element of the first selector that has one. */
function first(...selectors: string[]): HTMLElement | null {
  for (const selector of selectors) {
    const found = document.querySelector<HTMLElement>(selector);
    if (found) return found;
  }
  return null;
}

export function cyclePanes(by: number): void {
  const shown = PANES.filter(({ within }) => document.querySelector(`${within}:not([hidden])`));
  const at = shown.findIndex(({ within }) => document.activeElement?.closest(within));
  const next = shown[(Math.max(at, by > 0 ? -1 : 0) + by + shown.length) % shown.length];
  next?.focus();
}
