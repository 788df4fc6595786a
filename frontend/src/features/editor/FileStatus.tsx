"use client";
import { languageOf } from "@/lib/languages";
import { documentOf, useDocuments } from "@/model/documents/documents";
import type { Phase } from "@/model/documents/sync";
import { execute } from "@/shell/commands";
import { useActiveFileId } from "@/shell/tabs/store";
import { StatusButton, StatusText } from "@/ui/StatusItem";
import { useCursor } from "./cursor";

const PHASES: Record<Phase, { text: string; tone?: string }> = {
  clean: { text: "Saved" },
  dirty: { text: "Unsaved", tone: "text-warn" },
  saving: { text: "Saving…" },
  offline: { text: "Saved in this browser until you are online", tone: "text-warn" },
  retrying: { text: "Not saved, trying again…", tone: "text-bad" },
  conflict: { text: "Conflict", tone: "text-bad" },
  gone: { text: "Deleted on the server", tone: "text-bad" },
  failed: { text: "Not saved", tone: "text-bad" },
};

/** Whether the active file is saved. */
export function SaveStatus() {
  const fileId = useActiveFileId();
  const status = useDocuments((state) => (fileId ? state.status[fileId] : undefined));
  if (status?.kind !== "text") return null;
  const { text, tone } = PHASES[status.phase];
  return (
    <StatusText className={tone} role="status" aria-label={`File: ${text}`}>
      {text}
    </StatusText>
  );
}

/** Where the cursor is, and how the file is written. */
export function CursorStatus() {
  const fileId = useActiveFileId();
  const { line, column, selected } = useCursor();
  const text = useDocuments((state) => (fileId ? state.status[fileId]?.kind === "text" : false));
  const document = fileId && text ? documentOf(fileId) : undefined;
  if (!document) return null;
  const { model, path } = document;
  const { insertSpaces, tabSize } = model.getOptions();
  return (
    <>
      <StatusButton onClick={() => execute("editor.goToLine")}>
        Ln {line}, Col {column}
        {selected > 0 && ` (${selected} selected)`}
      </StatusButton>
      <StatusText className="max-md:hidden">{insertSpaces ? `Spaces: ${tabSize}` : "Tabs"}</StatusText>
      <StatusText className="max-sm:hidden">{languageOf(path).title}</StatusText>
    </>
  );
}
