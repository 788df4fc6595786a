/** The artifacts of the jobs that this tab has shown. */
import { create } from "zustand";
import { jobs as api } from "@/api/client";
import type { Artifact, Id } from "@/api/types";
import { withNewest } from "@/lib/newest";

const KEEP = 20;

interface ArtifactsState {
  ofJob: Readonly<Record<Id, Artifact[]>>;
}

export const useArtifacts = create<ArtifactsState>(() => ({ ofJob: {} }));

export async function loadArtifacts(jobId: Id): Promise<void> {
  if (useArtifacts.getState().ofJob[jobId]) return;
  try {
    const list = await api.artifacts(jobId);
    useArtifacts.setState(({ ofJob }) => ({ ofJob: withNewest(ofJob, jobId, list, KEEP) }));
  } catch {
    // Loaded again when the job is shown again.
  }
}

export function leaveArtifacts(): void {
  useArtifacts.setState({ ofJob: {} });
}
