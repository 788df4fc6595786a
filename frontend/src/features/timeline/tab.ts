import type { Version } from "@/api/types";
import type { Tab } from "@/shell/tabs/tabs";

/** A version beside what the file is now. */
export interface VersionTab extends Tab {
  readonly kind: "version";
  readonly version: Version;
}

export function versionTab(version: Version): VersionTab {
  return { key: `version:${version.id}`, kind: "version", version, preview: true };
}
