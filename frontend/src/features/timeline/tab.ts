import type { Version } from "@/api/types";
import type { Tab } from "@/shell/tabs/tabs";

/** A version beside what the file is now. */
export interface VersionTab extends Tab {
  readonly kind: "version";
  readonly version: Version;
  /** Where the file is now, or was last. */
  readonly path: string;
}

export function versionTab(version: Version, path: string): VersionTab {
  return { key: `version:${version.id}`, kind: "version", version, path, preview: true };
}
