/** The versions of one file: of the open one, or of one that was asked for. */
import { create } from "zustand";
import { history as api } from "@/api/client";
import type { Id, Version } from "@/api/types";

interface TimelineState {
  /** Shown instead of the open file, also after the file was deleted. */
  pinned: string | null;
  path: string | null;
  status: "idle" | "loading" | "ready" | "failed";
  versions: readonly Version[];
  error: unknown;
}

const nothing: TimelineState = { pinned: null, path: null, status: "idle", versions: [], error: null };

export const useTimeline = create<TimelineState>(() => nothing);

/** Reads the versions of a file; those of the same file stay on the screen meanwhile. */
export async function loadVersions(projectId: Id, path: string): Promise<void> {
  if (useTimeline.getState().path !== path) useTimeline.setState({ path, status: "loading", versions: [] });
  const here = () => useTimeline.getState().path === path;
  try {
    const versions = await api.list(projectId, path);
    if (here()) useTimeline.setState({ status: "ready", versions });
  } catch (error) {
    if (here()) useTimeline.setState({ status: "failed", error });
  }
}

export function leaveTimeline(): void {
  useTimeline.setState(nothing);
}
