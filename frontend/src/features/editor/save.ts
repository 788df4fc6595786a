/** Saving, also of a file that somebody else has deleted. */
import { files as api } from "@/api/client";
import type { Id } from "@/api/types";
import { basename } from "@/lib/path";
import { dispose, documentOf, saveDocument } from "@/model/documents/documents";
import { dropDraft, type Slot } from "@/model/documents/drafts";
import { putEntry, useFiles } from "@/model/files/store";
import { closeFiles, openFile } from "@/shell/tabs/open";
import { fail } from "@/shell/toasts/store";

/** Saves; a file that was deleted elsewhere is created again from the text that is still here. */
export async function saveFile(fileId: Id): Promise<void> {
  const document = documentOf(fileId);
  const { projectId } = useFiles.getState();
  if (document?.sync.phase !== "gone" || !projectId) return void saveDocument(fileId);
  await recreateFile(projectId, fileId, document.path, document.model.getValue(undefined, true));
}

/** Creates a file that was deleted elsewhere again, from the text that is kept here. */
export async function recreateFile(projectId: Id, fileId: Id, path: string, content: string, slot?: Slot): Promise<void> {
  try {
    const entry = await api.create(projectId, { path, type: "file", content });
    putEntry(entry);
    openFile(entry.id);
    closeFiles((id) => id === fileId);
    dispose(fileId);
    await dropDraft(fileId, slot);
  } catch (error) {
    fail(`${basename(path)} could not be created again`, error);
  }
}
