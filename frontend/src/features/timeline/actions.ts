import { history as api } from "@/api/client";
import type { Version } from "@/api/types";
import { basename } from "@/lib/path";
import { documentOf, isUnsaved, saveDocument } from "@/model/documents/documents";
import { inTurn } from "@/model/files/bulk";
import { entryOf, putEntry, useFiles } from "@/model/files/store";
import { useLayout } from "@/shell/panes";
import { openFile, openPath, openTab } from "@/shell/tabs/open";
import { activeFileId } from "@/shell/tabs/store";
import { fail, toast } from "@/shell/toasts/store";
import { loadVersions, useTimeline } from "./store";
import { versionTab } from "./tab";

/** Shows the versions of a file: of this path, or of the open file. */
export function showTimeline(path?: string): void {
  const active = activeFileId();
  const wanted = path ?? (active ? entryOf(active)?.path : undefined) ?? null;
  useTimeline.setState({ pinned: wanted });
  useLayout.getState().showSide("timeline");
}

/** Goes back to the open file. */
export function followActive(): void {
  useTimeline.setState({ pinned: null });
}

/** `path` is where the file is now: before it was moved, its versions were elsewhere. */
export function openVersion(version: Version, path: string): void {
  if (!version.current || !openPath(path)) openTab(versionTab(version, path));
}

/** Makes a version the file's content. What it replaces becomes a version itself, so it can be undone. */
export async function restoreVersion(version: Version, path: string): Promise<void> {
  const { projectId, tree } = useFiles.getState();
  if (!projectId) return;
  const existing = tree.at(path);
  if (existing && isUnsaved(existing.id) && !(await saveDocument(existing.id))) {
    return void toast(`${basename(path)} has changes that could not be saved`, {
      tone: "error",
      detail: "Save or discard them first",
    });
  }
  const before = useTimeline.getState().path === path ? useTimeline.getState().versions.find(({ current }) => current) : undefined;
  try {
    const entry = await inTurn(() => api.restore(projectId, version.id, path === version.path ? undefined : path));
    putEntry(entry);
    openFile(entry.id);
    void documentOf(entry.id)?.sync.remote(entry.etag);
    void loadVersions(projectId, path);
    const undo = before && { label: "Undo", run: () => void restoreVersion(before, path) };
    toast(`Restored ${basename(entry.path)}`, { tone: "success", action: undo });
  } catch (error) {
    fail(`${basename(path)} could not be restored`, error);
  }
}
