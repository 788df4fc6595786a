/** The selection in the tree, as in any file manager. Pure. */
export interface Selection {
  /** Selected paths. */
  chosen: ReadonlySet<string>;
  /** The row that has the keyboard focus. */
  focus: string | null;
  /** Where a Shift range starts. */
  anchor: string | null;
}

export const noSelection: Selection = { chosen: new Set(), focus: null, anchor: null };

export function selectOnly(path: string): Selection {
  return { chosen: new Set([path]), focus: path, anchor: path };
}

export function selectMany(paths: readonly string[]): Selection {
  const last = paths.at(-1) ?? null;
  return { chosen: new Set(paths), focus: last, anchor: last };
}

export function toggled(selection: Selection, path: string): Selection {
  const chosen = new Set(selection.chosen);
  if (!chosen.delete(path)) chosen.add(path);
  return { chosen, focus: path, anchor: path };
}

/** Everything between the anchor and `path`, in the order of the rows. */
export function ranged(selection: Selection, path: string, rows: readonly { path: string }[]): Selection {
  const anchor = selection.anchor ?? path;
  const from = rows.findIndex((row) => row.path === anchor);
  const to = rows.findIndex((row) => row.path === path);
  if (from < 0 || to < 0) return selectOnly(path);
  const slice = rows.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { chosen: new Set(slice.map((row) => row.path)), focus: path, anchor };
}
