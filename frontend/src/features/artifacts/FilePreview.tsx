"use client";
import { useEffect, useState } from "react";
import { FileArchive } from "lucide-react";
import { files as api } from "@/api/client";
import type { Id } from "@/api/types";
import { DownloadButton } from "@/features/editor/GroupView";
import { entryOf } from "@/features/explorer/store";
import { Empty } from "@/ui/Empty";
import { bytes } from "@/lib/format";
import { imageType } from "./kinds";
import { Preview } from "./Preview";

/** A file of the project that is not text: pictures are shown, the rest can be downloaded. */
export function FilePreview({ fileId }: { fileId: Id }) {
  const entry = entryOf(fileId);
  const picture = entry ? imageType(entry.path) !== undefined : false;
  const [blob, setBlob] = useState<Blob | null>(null);
  useEffect(() => {
    if (!picture) return;
    let gone = false;
    void api.bytes(fileId).then((found) => !gone && setBlob(found), () => {});
    return () => void (gone = true);
  }, [fileId, picture, entry?.etag]);
  if (!entry) return null;
  if (picture) return blob && <Preview path={entry.path} blob={blob} />;
  return (
    <Empty icon={FileArchive} title="This is not a text file">
      <p>
        {entry.name} · {bytes(entry.size)}
      </p>
      <div className="mt-3">
        <DownloadButton fileId={fileId} />
      </div>
    </Empty>
  );
}
