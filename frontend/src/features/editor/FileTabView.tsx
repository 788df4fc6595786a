"use client";
import { useEffect } from "react";
import { FileQuestion, FileWarning, RefreshCw, TriangleAlert } from "lucide-react";
import { messageOf } from "@/api/problem";
import type { Id } from "@/api/types";
import { bytes } from "@/lib/format";
import { ensureDocument, useDocuments } from "@/model/documents/documents";
import { entryOf } from "@/model/files/store";
import { fileViewFor } from "@/shell/contributions";
import { downloadFile } from "@/shell/files";
import type { FileTab } from "@/shell/tabs/tabs";
import { Button } from "@/ui/Button";
import { DownloadButton } from "@/ui/DownloadButton";
import { Empty } from "@/ui/Empty";
import { Breadcrumbs } from "./Breadcrumbs";
import { CodePane } from "./CodePane";
import { MergeView } from "./MergeView";

/** A file of the project: its text in the editor, or a replacement for what is no text. */
export function FileTabView({ tab: { fileId }, groupId }: { tab: FileTab; groupId: number }) {
  const status = useDocuments((state) => state.status[fileId]);
  useEffect(() => void ensureDocument(fileId), [fileId]);
  const text = status?.kind === "text";
  const conflict = text && status.phase === "conflict";
  return (
    <>
      <Breadcrumbs fileId={fileId} groupId={groupId} />
      <div className="relative min-h-0 flex-1">
        {/* One editor per group lives on while its tabs change. */}
        <CodePane groupId={groupId} fileId={text && !conflict ? fileId : null} />
        <div className="pointer-events-none absolute inset-0 *:pointer-events-auto">
          {conflict && <MergeView key={fileId} fileId={fileId} />}
          {status?.kind === "binary" && <NotText key={fileId} fileId={fileId} />}
          {status?.kind === "large" && <Large fileId={fileId} />}
          {status?.kind === "failed" && <Failed fileId={fileId} error={status.error} />}
        </div>
      </div>
    </>
  );
}

function NotText({ fileId }: { fileId: Id }) {
  const entry = entryOf(fileId);
  const view = entry && fileViewFor(entry);
  return view ? <view.View fileId={fileId} /> : null;
}

function Large({ fileId }: { fileId: Id }) {
  const entry = entryOf(fileId);
  return (
    <Empty icon={FileWarning} title="This is a large file">
      <p>{entry && `${entry.name} has ${bytes(entry.size)}. `}The editor may be slow.</p>
      <div className="mt-3 flex justify-center gap-2">
        <Button small onClick={() => void ensureDocument(fileId, true)}>
          Open anyway
        </Button>
        <DownloadButton onDownload={() => void downloadFile(fileId)} />
      </div>
    </Empty>
  );
}

function Failed({ fileId, error }: { fileId: Id; error: unknown }) {
  const entry = entryOf(fileId);
  return (
    <Empty icon={entry ? TriangleAlert : FileQuestion} title={entry ? `${entry.name} can't be opened` : "The file is gone"}>
      <p>{messageOf(error)}</p>
      {entry && (
        <Button small icon={RefreshCw} className="mt-3" onClick={() => void ensureDocument(fileId)}>
          Try again
        </Button>
      )}
    </Empty>
  );
}
