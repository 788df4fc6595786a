/** Where the cursor is, for the status bar and the breadcrumbs. */
import { create } from "zustand";

export interface Cursor {
  line: number;
  column: number;
  selected: number;
}

export const useCursor = create<Cursor>(() => ({ line: 1, column: 1, selected: 0 }));
