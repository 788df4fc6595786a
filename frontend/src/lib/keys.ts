/** Shortcuts as text, `Mod+Shift+P`: matched against key events and written as people know them. */
export const isMac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

interface Chord {
  mod: boolean;
  shift: boolean;
  alt: boolean;
  ctrl: boolean;
  key: string;
}

const chords = new Map<string, Chord>();

export function parseChord(text: string): Chord {
  const known = chords.get(text);
  if (known) return known;
  const parts = text.split("+");
  const key = parts.pop() || "+";
  const has = (name: string) => parts.includes(name);
  const chord = { mod: has("Mod"), shift: has("Shift"), alt: has("Alt"), ctrl: has("Ctrl"), key: key.toLowerCase() };
  chords.set(text, chord);
  return chord;
}

export function matches(event: KeyboardEvent, text: string, mac = isMac): boolean {
  const chord = parseChord(text);
  const ctrl = chord.ctrl || (chord.mod && !mac);
  const meta = chord.mod && mac;
  if (event.ctrlKey !== ctrl || event.metaKey !== meta || event.altKey !== chord.alt) return false;
  if (event.shiftKey !== chord.shift) return false;
  return event.key.toLowerCase() === chord.key || physical(event.code) === chord.key;
}

/** The key's place on a US board: Alt and Shift change what `key` says, `code` stays. */
function physical(code: string): string {
  const named: Record<string, string> = {
    Backslash: "\\",
    Backquote: "`",
    Comma: ",",
    Period: ".",
    Slash: "/",
    Equal: "=",
    Minus: "-",
  };
  return named[code] ?? code.replace(/^(Key|Digit)/, "").toLowerCase();
}

const MAC: Record<string, string> = { Mod: "⌘", Ctrl: "⌃", Shift: "⇧", Alt: "⌥" };
const PLAIN: Record<string, string> = { Mod: "Ctrl" };
const NAMES: Record<string, string> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
  Enter: "↵",
  Delete: "Del",
  PageDown: "PgDn",
  PageUp: "PgUp",
};

export function displayKeys(text: string, mac = isMac): string[] {
  return text.split("+").map((part) => (mac ? MAC : PLAIN)[part] ?? NAMES[part] ?? part);
}

/** The form `aria-keyshortcuts` wants. */
export function ariaKeys(text: string, mac = isMac): string {
  return text.replace("Mod", mac ? "Meta" : "Control");
}
