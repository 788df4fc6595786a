import { documentOf, useDocuments } from "@/model/documents/documents";
import { entryOf } from "@/model/files/store";
import type { TabLabel } from "@/shell/contributions";
import type { FileTab } from "@/shell/tabs/tabs";
import { FileIcon } from "@/ui/FileIcon";

export function useFileLabel({ fileId }: FileTab): TabLabel {
  const status = useDocuments((state) => state.status[fileId]);
  const path = entryOf(fileId)?.path ?? documentOf(fileId)?.path ?? "…";
  const phase = status?.kind === "text" ? status.phase : "clean";
  const saved = phase === "clean" || phase === "saving";
  return { path, icon: <FileIcon path={path} size={14} />, state: saved ? undefined : phase === "conflict" ? "conflict" : "unsaved" };
}
