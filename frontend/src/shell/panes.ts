/** Which panes are open and how large they are; remembered in this browser. */
import { create } from "zustand";
import { recall, remember } from "@/lib/storage";

export interface Panes {
  sidebar: boolean;
  /** The id of a view of the side bar. */
  sideView: string;
  sidebarWidth: number;
  bottom: boolean;
  bottomHeight: number;
  /** The id of a panel. */
  bottomTab: string;
}

export const paneDefaults: Panes = {
  sidebar: true,
  sideView: "files",
  sidebarWidth: 280,
  bottom: true,
  bottomHeight: 260,
  bottomTab: "console",
};

export const SIDEBAR = { min: 180, max: 560 };
export const BOTTOM = { min: 96, max: 900 };
const NARROW = 720;

interface LayoutState extends Panes {
  narrow: boolean;
  set(change: Partial<Panes>): void;
  show(panel: string): void;
  showSide(view: string): void;
  toggle(pane: "sidebar" | "bottom"): void;
}

const client = typeof window !== "undefined";
const isNarrow = () => client && window.innerWidth < NARROW;

function initial(): Panes {
  if (!client) return paneDefaults;
  const panes = { ...paneDefaults, ...recall<Partial<Panes>>("panes", {}) };
  // On a phone both panes cover the editor, so they start closed.
  return isNarrow() ? { ...panes, sidebar: false, bottom: false } : panes;
}

export const useLayout = create<LayoutState>((set, get) => ({
  ...initial(),
  narrow: isNarrow(),
  set: (change) => {
    set(change);
    const { sidebar, sideView, sidebarWidth, bottom, bottomHeight, bottomTab, narrow } = get();
    if (!narrow) remember("panes", { sidebar, sideView, sidebarWidth, bottom, bottomHeight, bottomTab });
  },
  show: (bottomTab) => get().set({ bottomTab, bottom: true }),
  showSide: (sideView) => get().set({ sideView, sidebar: true }),
  toggle: (pane) => get().set({ [pane]: !get()[pane] }),
}));

export function followWindow(): () => void {
  const onResize = () => {
    if (useLayout.getState().narrow !== isNarrow()) useLayout.setState({ narrow: isNarrow() });
  };
  window.addEventListener("resize", onResize);
  return () => window.removeEventListener("resize", onResize);
}
