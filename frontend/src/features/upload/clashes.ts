/** Uploads whose name is taken: a person decides what happens to each, or to all. */
import type { FileEntry } from "@/api/types";
import { count } from "@/lib/format";
import { basename, join, parent } from "@/lib/path";
import { freePath } from "@/model/files/tree";
import { ask } from "@/shell/questions/store";
import type { Item } from "./gather";

type Decision = "replace" | "keep" | "skip";

interface Files {
  readonly size: number;
  at(path: string): FileEntry | undefined;
}

/** Applies the decisions; null when the upload was called off. */
export async function withoutClashes(tree: Files, items: readonly Item[], folder: string): Promise<Item[] | null> {
  const clashing = new Set(items.filter(({ path }) => tree.at(join(folder, path))));
  const taken = new Set(items.map(({ path }) => join(folder, path)));
  const kept: Item[] = [];
  let left = clashing.size;
  let standing: Decision | null = null;
  for (const item of items) {
    if (!clashing.has(item)) {
      kept.push(item);
      continue;
    }
    left--;
    const existing = tree.at(join(folder, item.path))!;
    const answer: { decision: Decision; forAll: boolean } | null = standing
      ? { decision: standing, forAll: true }
      : await decide(existing, left);
    if (!answer) return null;
    if (answer.forAll) standing = answer.decision;
    // A file cannot take the place of a folder.
    const decision = answer.decision === "replace" && existing.type === "folder" ? "keep" : answer.decision;
    if (decision === "replace") kept.push(item);
    if (decision === "keep") kept.push(renamed(item, tree, taken, folder));
  }
  return kept;
}

function renamed(item: Item, tree: Files, taken: Set<string>, folder: string): Item {
  const path = freePath({ at: (path) => taken.has(path) || tree.at(path) }, join(folder, item.path));
  taken.add(path);
  return { ...item, path: folder ? path.slice(folder.length + 1) : path };
}

async function decide(existing: FileEntry, left: number): Promise<{ decision: Decision; forAll: boolean } | null> {
  const { choice, forAll } = await ask({
    title: `${basename(existing.path)} already exists`,
    text: `There is a ${existing.type} of this name ${parent(existing.path) ? `in ${parent(existing.path)}` : "in the project"}.`,
    choices: [
      { id: "skip", label: "Skip" },
      ...(existing.type === "file" ? [{ id: "replace", label: "Replace", tone: "danger" as const }] : []),
      { id: "keep", label: "Keep both", tone: "primary" },
    ],
    forAll: left ? (left === 1 ? "Do the same for the other one" : `Do the same for the other ${left}`) : undefined,
  });
  return choice ? { decision: choice as Decision, forAll } : null;
}

/** An archive is unpacked by the server, which replaces files; false when somebody does not want that. Null: what is in it is not known. */
export async function mayUnpack(tree: Files, name: string, paths: readonly string[] | null): Promise<boolean> {
  if (!paths) return tree.size === 0 || mayUnpackUnread(name);
  const taken = paths.filter((path) => tree.at(path)?.type === "file");
  if (!taken.length) return true;
  const { choice } = await ask({
    title: `Replace ${count(taken.length, "file")}?`,
    text: `${name} contains ${taken.length === 1 ? "a file" : "files"} that this project has already.`,
    items: taken,
    choices: [
      { id: "replace", label: "Replace", tone: "danger" },
      { id: "cancel", label: "Cancel", tone: "primary" },
    ],
  });
  return choice === "replace";
}

async function mayUnpackUnread(name: string): Promise<boolean> {
  const { choice } = await ask({
    title: `Unpack ${name}?`,
    text: "What is in it can't be read here. Files that have the same path are replaced.",
    choices: [
      { id: "unpack", label: "Unpack", tone: "danger" },
      { id: "cancel", label: "Cancel", tone: "primary" },
    ],
  });
  return choice === "unpack";
}
