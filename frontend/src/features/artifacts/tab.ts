import type { Id } from "@/api/types";
import type { Tab } from "@/shell/tabs/tabs";

export interface ArtifactTab extends Tab {
  readonly kind: "artifact";
  readonly jobId: Id;
  readonly path: string;
}

export function artifactTab(jobId: Id, path: string): ArtifactTab {
  return { key: `artifact:${jobId}:${path}`, kind: "artifact", jobId, path, preview: true };
}
