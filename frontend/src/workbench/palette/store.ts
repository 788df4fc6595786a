import { create } from "zustand";

export type Mode = "files" | "commands" | "symbols";

export const usePalette = create<{ mode: Mode | null }>(() => ({ mode: null }));

export function openPalette(mode: Mode): void {
  usePalette.setState({ mode });
}

export function closePalette(): void {
  usePalette.setState({ mode: null });
}
