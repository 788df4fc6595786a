/** Reads dropped or picked files and folders, without those that are ignored. */
import ignore from "ignore";
import { basename, join, parent } from "@/lib/path";

export interface Item {
  path: string;
  file: File;
}

export interface Gathered {
  items: Item[];
  /** How many entries were ignored. */
  skipped: number;
}

/** Created by tools, and not worth an upload. */
const ALWAYS_IGNORED = [".git", "node_modules", ".venv", "venv", "__pycache__", ".DS_Store", ".next", ".pytest_cache", ".mypy_cache"];
const ARCHIVE = /\.(zip|tar|tar\.gz|tgz|tar\.zst)$/i;

export function isArchive(name: string): boolean {
  return ARCHIVE.test(name);
}

/** Must be called within the event: the browser discards the dropped entries after it. */
export function droppedEntries(transfer: DataTransfer): { entries: FileSystemEntry[]; files: File[] } {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? null).filter((entry) => entry !== null);
  return { entries, files: entries.length ? [] : [...transfer.files] };
}

/** Reads a drop. Call it within the event. */
export async function gatherDropped(transfer: DataTransfer): Promise<Gathered> {
  return gather(droppedEntries(transfer));
}

export async function gather(dropped: { entries: FileSystemEntry[]; files: File[] }): Promise<Gathered> {
  const found: Gathered = { items: dropped.files.map((file) => ({ path: file.name, file })), skipped: 0 };
  for (const entry of dropped.entries) await walk(entry, "", found);
  return withoutIgnored(found);
}

export function gatherPicked(list: FileList): Promise<Gathered> {
  const items = [...list].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
  const kept = items.filter(({ path }) => !path.split("/").some((part) => ALWAYS_IGNORED.includes(part)));
  return withoutIgnored({ items: kept, skipped: items.length - kept.length });
}

async function walk(entry: FileSystemEntry, folder: string, found: Gathered): Promise<void> {
  if (ALWAYS_IGNORED.includes(entry.name)) {
    found.skipped++;
    return;
  }
  const path = join(folder, entry.name);
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.items.push({ path, file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!batch.length) return;
    for (const child of batch) await walk(child, path, found);
  }
}

/** A .gitignore applies to its own folder and everything below. */
export async function withoutIgnored({ items, skipped }: Gathered): Promise<Gathered> {
  const rules = await Promise.all(
    items
      .filter(({ path }) => [".gitignore", ".engunityignore"].includes(basename(path)))
      .map(async ({ path, file }) => ({ folder: parent(path), matcher: ignore().add(await file.text()) })),
  );
  const kept = items.filter(({ path }) => !rules.some(({ folder, matcher }) => isIgnored(path, folder, matcher)));
  return { items: kept, skipped: skipped + items.length - kept.length };
}

function isIgnored(path: string, folder: string, matcher: ReturnType<typeof ignore>): boolean {
  if (folder && !path.startsWith(`${folder}/`)) return false;
  return matcher.ignores(folder ? path.slice(folder.length + 1) : path);
}

/** The single top folder of all items, if there is one. */
export function commonRoot(items: readonly Item[]): string | null {
  const roots = new Set(items.map(({ path }) => (path.includes("/") ? path.split("/")[0]! : "")));
  const [root] = roots;
  return roots.size === 1 && root ? root : null;
}

export function strip(items: readonly Item[], root: string): Item[] {
  return items.map(({ path, file }) => ({ path: path.slice(root.length + 1), file }));
}
