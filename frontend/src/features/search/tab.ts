import type { Tab } from "@/shell/tabs/tabs";

/** What a replacement would make of a file. */
export interface ReplaceTab extends Tab {
  readonly kind: "replace";
  readonly path: string;
}

export function replaceTab(path: string): ReplaceTab {
  return { key: `replace:${path}`, kind: "replace", path, preview: true };
}
