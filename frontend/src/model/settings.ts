/** The settings of this browser. */
import { create } from "zustand";
import { recall, remember } from "@/lib/storage";

export type Theme = "system" | "light" | "dark";

export interface Settings {
  theme: Theme;
  /** Keep the editor dark while the rest is light. */
  darkEditor: boolean;
  fontSize: number;
  wordWrap: boolean;
  minimap: boolean;
  autoSave: boolean;
  screenReader: boolean;
}

export const defaults: Settings = {
  theme: "system",
  darkEditor: false,
  fontSize: 13,
  wordWrap: false,
  minimap: true,
  autoSave: true,
  screenReader: false,
};

interface SettingsState extends Settings {
  dark: boolean;
  open: boolean;
  set(change: Partial<Settings>): void;
  setOpen(open: boolean): void;
}

const nightQuery = () => window.matchMedia("(prefers-color-scheme: dark)");

function isDark(theme: Theme): boolean {
  if (typeof window === "undefined") return false;
  return theme === "dark" || (theme === "system" && nightQuery().matches);
}

const initial: Settings = typeof window === "undefined" ? defaults : { ...defaults, ...recall<Partial<Settings>>("settings", {}) };

export const useSettings = create<SettingsState>((set, get) => ({
  ...initial,
  dark: isDark(initial.theme),
  open: false,
  set: (change) => {
    set(change);
    set({ dark: isDark(get().theme) });
    remember("settings", pick(get()));
  },
  setOpen: (open) => set({ open }),
}));

function pick(state: SettingsState): Settings {
  const { theme, darkEditor, fontSize, wordWrap, minimap, autoSave, screenReader } = state;
  return { theme, darkEditor, fontSize, wordWrap, minimap, autoSave, screenReader };
}

/** Applies the theme to the document and follows the system's; returns a function that stops it. */
export function applyTheme(): () => void {
  const paint = () => {
    document.documentElement.dataset.theme = useSettings.getState().dark ? "dark" : "light";
  };
  const follow = () => useSettings.setState({ dark: isDark(useSettings.getState().theme) });
  paint();
  const query = nightQuery();
  query.addEventListener("change", follow);
  const stop = useSettings.subscribe(paint);
  return () => {
    query.removeEventListener("change", follow);
    stop();
  };
}

export function editorTheme(state: Settings & { dark: boolean }): "engunity-dark" | "engunity-light" {
  return state.dark || state.darkEditor ? "engunity-dark" : "engunity-light";
}
