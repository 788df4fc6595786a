/**
 * The registry of commands: label, shortcut, condition and action of each. Menus, the palette, the toolbar
 * and the keyboard all use it; none of them knows what a command does.
 */
import type { LucideIcon } from "lucide-react";
import type { MenuItem } from "@/ui/Menu";
import { matches } from "@/lib/keys";

export interface Command {
  id: string;
  label: string;
  category: string;
  icon?: LucideIcon;
  /** The first is shown in menus; all work. */
  keys?: string[];
  /** Shown in menus, but handled by the focused view: the tree, the editor. */
  local?: string;
  when?(): boolean;
  /** Not in the palette: other features call it, with an argument. */
  hidden?: boolean;
  run(argument?: unknown): void | Promise<void>;
}

const registry = new Map<string, Command>();

export function register(...commands: Command[]): void {
  for (const command of commands) registry.set(command.id, command);
}

export function allCommands(): Command[] {
  return [...registry.values()];
}

export function enabled(command: Command): boolean {
  return command.when?.() ?? true;
}

export function command(id: string): Command {
  const found = registry.get(id);
  if (!found) throw new Error(`no command ${id}`);
  return found;
}

export function execute(id: string, argument?: unknown): void {
  const found = command(id);
  if (enabled(found)) void found.run(argument);
}

/** The shortcut shown to people. */
export function shortcutOf({ keys, local }: Command): string | undefined {
  return keys?.[0] ?? local;
}

/** The same command as an entry of a menu. */
export function menuItem(id: string): MenuItem {
  const found = command(id);
  return { id, label: found.label, icon: found.icon, keys: shortcutOf(found), run: () => execute(id) };
}

/** Finds the command a key event means. */
export function commandFor(event: KeyboardEvent): Command | undefined {
  for (const candidate of registry.values()) {
    if (candidate.keys?.some((keys) => matches(event, keys)) && enabled(candidate)) return candidate;
  }
  return undefined;
}

/** Listens in the capture phase: our shortcuts come before the editor's own. */
export function listenForShortcuts(): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]") && event.key !== "F1") return;
    const found = commandFor(event);
    if (!found) return;
    event.preventDefault();
    event.stopPropagation();
    void found.run();
  };
  window.addEventListener("keydown", onKeyDown, true);
  return () => window.removeEventListener("keydown", onKeyDown, true);
}
