/** Recently opened files, over all projects of this browser. */
import type { Id } from "@/api/types";
import { recall, remember } from "@/lib/storage";

export interface Recent {
  project: Id;
  path: string;
  at: number;
}

const KEY = "recent";
const KEEP = 30;

export function withRecent(list: readonly Recent[], project: Id, path: string, at: number): Recent[] {
  const others = list.filter((item) => item.project !== project || item.path !== path);
  return [{ project, path, at }, ...others].slice(0, KEEP);
}

export function recents(): Recent[] {
  return recall<Recent[]>(KEY, []);
}

export function noteRecent(project: Id, path: string): void {
  remember(KEY, withRecent(recents(), project, path, Date.now()));
}

export function forgetProject(project: Id): void {
  remember(
    KEY,
    recents().filter((item) => item.project !== project),
  );
}
