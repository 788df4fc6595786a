/**
 * The project's files. Mutable and outside React, because 100,000 entries are changed one at a time;
 * views read flat rows from it and redraw when the store's version changes.
 */
import type { FileEntry, Id } from "@/api/types";
import { basename, isCovered, parent } from "@/lib/path";

export interface Row {
  id: Id;
  path: string;
  name: string;
  folder: boolean;
  /** Where a symbolic link leads. */
  target?: string;
  depth: number;
  expanded: boolean;
  /** Place among its siblings, for screen readers. */
  position: number;
  siblings: number;
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

interface Folder {
  ids: Id[];
  sorted: boolean;
}

export class Tree {
  private byId = new Map<Id, FileEntry>();
  private byPath = new Map<string, Id>();
  private folders = new Map<string, Folder>();

  constructor(entries: Iterable<FileEntry> = []) {
    for (const entry of entries) this.insert(entry);
  }

  /** Increases when a path is added, removed or changed, but not when content changes. */
  shape = 0;

  get size(): number {
    return this.byId.size;
  }

  get(id: Id): FileEntry | undefined {
    return this.byId.get(id);
  }

  at(path: string): FileEntry | undefined {
    const id = this.byPath.get(path);
    return id === undefined ? undefined : this.byId.get(id);
  }

  entries(): IterableIterator<FileEntry> {
    return this.byId.values();
  }

  filePaths(): string[] {
    const paths: string[] = [];
    for (const entry of this.byId.values()) if (entry.type === "file") paths.push(entry.path);
    return paths;
  }

  /** Adds or updates an entry; a new path of a folder moves everything below it. */
  upsert(entry: FileEntry): void {
    const old = this.byId.get(entry.id);
    if (!old) return this.insert(entry);
    if (old.path === entry.path) {
      this.byId.set(entry.id, { ...old, ...entry });
      return;
    }
    const below = old.type === "folder" ? this.below(old.path) : [];
    this.folders.delete(old.path);
    this.detach(old);
    this.insert({ ...old, ...entry });
    this.forget(below);
    for (const child of below) {
      const path = entry.path + child.path.slice(old.path.length);
      this.insert({ ...child, path, name: basename(path) });
    }
  }

  /** Removes an entry and everything below it; returns what was removed. */
  remove(id: Id): FileEntry[] {
    const entry = this.byId.get(id);
    if (!entry) return [];
    const below = entry.type === "folder" ? this.below(entry.path) : [];
    this.forget(below);
    this.folders.delete(entry.path);
    this.detach(entry);
    return [entry, ...below];
  }

  below(path: string): FileEntry[] {
    const found: FileEntry[] = [];
    for (const id of this.folders.get(path)?.ids ?? []) {
      const entry = this.byId.get(id)!;
      found.push(entry);
      if (entry.type === "folder") found.push(...this.below(entry.path));
    }
    return found;
  }

  children(path: string): FileEntry[] {
    return this.sorted(path).map((id) => this.byId.get(id)!);
  }

  /** The visible rows: folders in `open` show their content. */
  rows(open: ReadonlySet<string>): Row[] {
    const rows: Row[] = [];
    this.collect("", 0, open, rows);
    return rows;
  }

  private collect(path: string, depth: number, open: ReadonlySet<string>, rows: Row[]): void {
    const ids = this.sorted(path);
    for (let index = 0; index < ids.length; index++) {
      const entry = this.byId.get(ids[index]!)!;
      const folder = entry.type === "folder";
      const expanded = folder && open.has(entry.path);
      rows.push({
        id: entry.id,
        path: entry.path,
        name: entry.name,
        folder,
        target: entry.target ?? undefined,
        depth,
        expanded,
        position: index + 1,
        siblings: ids.length,
      });
      if (expanded) this.collect(entry.path, depth + 1, open, rows);
    }
  }

  private insert(entry: FileEntry): void {
    this.shape++;
    this.byId.set(entry.id, entry);
    this.byPath.set(entry.path, entry.id);
    const folder = this.folder(parent(entry.path));
    folder.ids.push(entry.id);
    folder.sorted = false;
  }

  /** Drops everything below a folder; the caller detaches the folder itself. */
  private forget(entries: readonly FileEntry[]): void {
    for (const entry of entries) {
      this.byId.delete(entry.id);
      this.byPath.delete(entry.path);
      this.folders.delete(entry.path);
    }
  }

  private detach(entry: FileEntry): void {
    this.shape++;
    this.byId.delete(entry.id);
    if (this.byPath.get(entry.path) === entry.id) this.byPath.delete(entry.path);
    const folder = this.folder(parent(entry.path));
    folder.ids = folder.ids.filter((id) => id !== entry.id);
  }

  private folder(path: string): Folder {
    let folder = this.folders.get(path);
    if (!folder) this.folders.set(path, (folder = { ids: [], sorted: true }));
    return folder;
  }

  /** Sorted on first use: most folders of a large project are never opened. */
  private sorted(path: string): Id[] {
    const folder = this.folders.get(path);
    if (!folder) return [];
    if (!folder.sorted) {
      folder.ids.sort((a, b) => compare(this.byId.get(a)!, this.byId.get(b)!));
      folder.sorted = true;
    }
    return folder.ids;
  }
}

function compare(a: FileEntry, b: FileEntry): number {
  if (a.type !== b.type) return a.type === "folder" ? -1 : 1;
  return collator.compare(a.name, b.name) || (a.name < b.name ? -1 : 1);
}

/** Leaves out paths inside another selected folder: moving or deleting that folder covers them. */
export function topmost(paths: readonly string[]): string[] {
  const all = new Set(paths);
  return paths.filter((path) => !isCovered(parent(path), all));
}

/** A name that is free among its siblings: `notes.md`, `notes-2.md`, … */
export function freePath(tree: { at(path: string): unknown }, path: string): string {
  const dot = basename(path).lastIndexOf(".");
  const cut = dot > 0 ? path.length - basename(path).length + dot : path.length;
  for (let n = 2, candidate = path; ; n++) {
    if (!tree.at(candidate)) return candidate;
    candidate = `${path.slice(0, cut)}-${n}${path.slice(cut)}`;
  }
}

/** What is wrong with a name; null when it is valid. */
export function nameProblem(tree: Tree, folder: string, name: string, self?: string): string | null {
  if (!name.trim()) return "Give it a name";
  if (name.split("/").some((part) => !part || part === "." || part === "..")) return "Not a usable path";
  if (self !== undefined && name.includes("/")) return "A name has no slash; to move it, drag it or cut and paste it";
  const path = folder ? `${folder}/${name}` : name;
  if (path !== self && tree.at(path)) return `${basename(name)} already exists here`;
  return null;
}
