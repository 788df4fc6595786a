/** The open files of a project: restored on entry, synchronised with changes by others, released on leaving. */
import type { FileEntry, FileMessage, Id } from "@/api/types";
import { count } from "@/lib/format";
import { basename } from "@/lib/path";
import { dispose, disposeAll, documentOf, draftsOfDeletedFiles, renamedDocument, sendDrafts } from "@/model/documents/documents";
import type { Slot } from "@/model/documents/drafts";
import { useFiles } from "@/model/files/store";
import { tabView, type MessageContext, type ProjectScope } from "@/shell/contributions";
import { usePlace } from "@/shell/location";
import { closeFiles, openPath } from "@/shell/tabs/open";
import { leaveTabs, restoreTabs } from "@/shell/tabs/store";
import { toast } from "@/shell/toasts/store";
import { recreateFile } from "./save";

export const editorScope: ProjectScope = {
  id: "editor",
  enter,
  reload,
  reconnect: sendUnsaved,
  leave() {
    disposeAll();
    leaveTabs();
  },
  onMessage(message, context) {
    if (message.type === "file") onFile(message, context);
  },
};

function enter(projectId: Id): void {
  restoreTabs(projectId, (tab) => {
    const view = tabView(tab.kind);
    return view !== undefined && (view.restorable?.(tab) ?? true);
  });
  const { file } = usePlace.getState();
  if (file) openPath(file, { quiet: true });
}

/** Updates every open file to the file list. */
function reload(): void {
  const { tree } = useFiles.getState();
  closeFiles((fileId) => !tree.get(fileId));
  for (const entry of tree.entries()) void documentOf(entry.id)?.sync.remote(entry.etag);
}

/** Long enough to decide; it is offered once in each visit. */
const OFFER_MS = 60_000;
const offered = new Set<Slot>();

/** Sends what was written offline, and offers the text of files that are deleted by now. */
async function sendUnsaved(projectId: Id): Promise<void> {
  const unsent = await sendDrafts(projectId);
  if (unsent) toast(`${count(unsent, "file")} changed here and on the server`, { detail: "Open them to merge", tone: "error" });
  for (const { slot, fileId, draft } of await draftsOfDeletedFiles(projectId)) {
    if (offered.has(slot)) continue;
    offered.add(slot);
    const { path, text } = draft;
    toast(`${basename(path)} was deleted, but you have unsaved changes`, {
      tone: "error",
      action: { label: "Create again", run: () => void recreateFile(projectId, fileId, path, text, slot) },
      ms: OFFER_MS,
    });
  }
}

function onFile(message: FileMessage, { own, removed }: MessageContext): void {
  for (const entry of removed) onRemoved(entry, own);
  const { file } = message;
  const document = file && documentOf(file.id);
  if (!document) return;
  if (document.path !== file.path) renamedDocument(file.id, file.path);
  if (!own) void document.sync.remote(file.etag);
}

/** Deleted elsewhere: the tab goes, unless it holds text that nobody else has. */
function onRemoved({ id, name }: FileEntry, own: boolean): void {
  const document = documentOf(id);
  if (!document) return;
  if (document.sync.dirty && !own) {
    document.sync.markDeleted();
    toast(`${name} was deleted elsewhere`, { tone: "error", detail: "Your unsaved text is still here; saving creates the file again" });
    return;
  }
  closeFiles((fileId) => fileId === id);
  dispose(id);
}
