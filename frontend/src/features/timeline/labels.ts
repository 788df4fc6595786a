import type { Cause, Version } from "@/api/types";
import { ago } from "@/lib/format";

/** What made a version, as people say it. A later server may know more causes. */
const CAUSES: Record<Cause, string> = {
  create: "Created",
  save: "Saved",
  upload: "Uploaded",
  sync: "Synchronized",
  move: "Moved",
  restore: "Restored",
  delete: "Deleted",
  replace: "Replaced",
};

export function causeLabel(cause: string): string {
  return CAUSES[cause as Cause] ?? cause;
}

/** "Saved by Ada, 3 min ago" */
export function versionLabel({ cause, author, created_at }: Pick<Version, "cause" | "author" | "created_at">, now = Date.now()): string {
  return `${causeLabel(cause)}${author?.name ? ` by ${author.name}` : ""}, ${ago(created_at, now)}`;
}

/** How much larger each version is than the one before it; null for the first. */
export function growth(versions: readonly Version[]): (number | null)[] {
  return versions.map(({ size }, index) => {
    const before = versions[index + 1];
    return before ? size - before.size : null;
  });
}
