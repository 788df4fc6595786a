/** The size of the console in characters, as it was shown last: a run starts with it. */
import type { RunRequest } from "@/api/types";

type Size = NonNullable<RunRequest["terminal"]>;

let last: Size | undefined;

export function consoleSize(): Size | undefined {
  return last;
}

export function keepConsoleSize(size: Size): void {
  last = size;
}
