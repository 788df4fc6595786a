"use client";
import { useEffect, useState } from "react";
import { TriangleAlert } from "lucide-react";
import { jobs as api } from "@/api/client";
import { messageOf } from "@/api/problem";
import { DownloadButton } from "@/ui/DownloadButton";
import { Empty } from "@/ui/Empty";
import { download } from "@/lib/download";
import { bytes } from "@/lib/format";
import { basename } from "@/lib/path";
import { Preview } from "./Preview";
import type { ArtifactTab } from "./tab";

/** An artifact of a job, in a tab. */
export function ArtifactView({ tab: { jobId, path } }: { tab: ArtifactTab }) {
  const [blob, setBlob] = useState<Blob | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    let gone = false;
    api.artifact(jobId, path).then(
      (found) => !gone && setBlob(found),
      (problem) => !gone && setError(problem),
    );
    return () => void (gone = true);
  }, [jobId, path]);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex h-9 shrink-0 items-center gap-2 border-b border-line px-3 text-xs text-muted">
        <span className="min-w-0 flex-1 truncate">
          Artifact · {path}
          {blob && ` · ${bytes(blob.size)}`}
        </span>
        {blob && <DownloadButton quiet onDownload={() => download(blob, basename(path))} />}
      </div>
      <div className="min-h-0 flex-1">
        {blob && <Preview path={path} blob={blob} />}
        {error !== null && (
          <Empty icon={TriangleAlert} title="The artifact can't be loaded">
            {messageOf(error)}
          </Empty>
        )}
      </div>
    </div>
  );
}
