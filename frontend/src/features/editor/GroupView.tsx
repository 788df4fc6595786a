"use client";
import { useEffect } from "react";
import { Download, FileQuestion, FileWarning, RefreshCw, TriangleAlert } from "lucide-react";
import { messageOf } from "@/api/problem";
import { files as api } from "@/api/client";
import type { Id } from "@/api/types";
import { ArtifactView } from "@/features/artifacts/ArtifactView";
import { FilePreview } from "@/features/artifacts/FilePreview";
import { entryOf } from "@/model/files/store";
import { fail } from "@/shell/toasts/store";
import { download } from "@/lib/download";
import { bytes } from "@/lib/format";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { Breadcrumbs } from "./Breadcrumbs";
import { CodePane } from "./CodePane";
import { ensureDocument, useDocuments } from "@/model/documents/documents";
import { MergeView } from "./MergeView";
import { change } from "@/shell/tabs/store";
import * as tabs from "@/shell/tabs/tabs";
import { TabBar } from "./TabBar";

interface GroupViewProps {
  group: tabs.Group;
  focused: boolean;
  alone: boolean;
}

export function GroupView({ group, focused, alone }: GroupViewProps) {
  const tab = group.tabs.find((item) => item.key === group.active);
  return (
    <section
      aria-label={alone ? "Editor" : `Editor group ${group.id}`}
      className="flex h-full flex-col"
      onFocusCapture={() => change((state) => tabs.focus(state, group.id))}
      onPointerDownCapture={() => change((state) => tabs.focus(state, group.id))}
    >
      <TabBar group={group} focused={focused} />
      {tab?.kind === "file" && <FileView key={group.id} fileId={tab.fileId} group={group} />}
      {tab?.kind === "artifact" && <ArtifactView key={tab.key} jobId={tab.jobId} path={tab.path} />}
    </section>
  );
}

function FileView({ fileId, group }: { fileId: Id; group: tabs.Group }) {
  const status = useDocuments((state) => state.status[fileId]);
  useEffect(() => void ensureDocument(fileId), [fileId]);
  const text = status?.kind === "text";
  const conflict = text && status.phase === "conflict";
  return (
    <>
      <Breadcrumbs fileId={fileId} groupId={group.id} />
      <div className="relative min-h-0 flex-1">
        {/* One editor per group lives on while its tabs change. */}
        <CodePane groupId={group.id} fileId={text && !conflict ? fileId : null} />
        <div className="pointer-events-none absolute inset-0 *:pointer-events-auto">
          {conflict && <MergeView key={fileId} fileId={fileId} />}
          {status?.kind === "binary" && <FilePreview key={fileId} fileId={fileId} />}
          {status?.kind === "large" && <Large fileId={fileId} />}
          {status?.kind === "failed" && <Failed fileId={fileId} error={status.error} />}
        </div>
      </div>
    </>
  );
}

function Large({ fileId }: { fileId: Id }) {
  const entry = entryOf(fileId);
  return (
    <Empty icon={FileWarning} title="This is a large file">
      <p>{entry && `${entry.name} has ${bytes(entry.size)}. `}The editor will be slow with it.</p>
      <div className="mt-3 flex justify-center gap-2">
        <Button small onClick={() => void ensureDocument(fileId, true)}>
          Open anyway
        </Button>
        <DownloadButton fileId={fileId} />
      </div>
    </Empty>
  );
}

export function DownloadButton({ fileId }: { fileId: Id }) {
  const save = async () => {
    try {
      download(await api.bytes(fileId), entryOf(fileId)?.name ?? "file");
    } catch (error) {
      fail("The file could not be downloaded", error);
    }
  };
  return (
    <Button small icon={Download} onClick={() => void save()}>
      Download
    </Button>
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
