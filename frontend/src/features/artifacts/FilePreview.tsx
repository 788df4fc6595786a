"use client";
import { useEffect, useState } from "react";
import { files as api } from "@/api/client";
import type { FileEntry, Id } from "@/api/types";
import { entryOf } from "@/model/files/store";
import { downloadFile } from "@/shell/files";
import { DownloadButton } from "@/ui/DownloadButton";
import { bytes } from "@/lib/format";
import { HexView } from "./HexView";
import { imageType, looksLikeText } from "./kinds";
import { Preview, Text } from "./Preview";

/** The API treats larger text as binary, so it can't be edited. */
const EDITABLE_BYTES = 10 << 20;
const HEAD_BYTES = 256_000;

/** A file that can't be edited: shows pictures, the beginning of long texts, and the bytes of everything else. */
export function FilePreview({ fileId }: { fileId: Id }) {
  const entry = entryOf(fileId);
  const blob = useSample(entry);
  if (!entry) return null;
  if (imageType(entry.path)) return blob && <Preview path={entry.path} blob={blob} />;
  return blob ? <Beginning entry={entry} head={blob} /> : <HexView entry={entry} />;
}

/** The bytes to show: a whole picture, or the beginning of a long text. */
function useSample(entry: FileEntry | undefined): Blob | null {
  const [blob, setBlob] = useState<Blob | null>(null);
  const picture = entry ? imageType(entry.path) !== undefined : false;
  const long = (entry?.size ?? 0) > EDITABLE_BYTES;
  useEffect(() => {
    if (!entry || !(picture || long)) return;
    let gone = false;
    const read = picture
      ? api.bytes(entry.id)
      : api.head(entry.id, HEAD_BYTES).then(async (head) => ((await looksLikeText(head)) ? head : null));
    void read.then(
      (found) => !gone && setBlob(found),
      () => {},
    );
    return () => void (gone = true);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the entry is a new object after each change; its hash says which
  }, [entry?.id, entry?.etag, picture, long]);
  return blob;
}

function Beginning({ entry, head }: { entry: FileEntry; head: Blob }) {
  return (
    <div className="flex h-full flex-col">
      <div className="flex h-9 shrink-0 items-center gap-2 border-b border-line px-3 text-xs text-muted">
        <span className="min-w-0 flex-1 truncate">
          {bytes(entry.size)} is too large to edit. This is the beginning of {entry.name}.
        </span>
        <DownloadButton onDownload={() => void downloadFile(entry.id)} />
      </div>
      <div className="min-h-0 flex-1">
        <Text blob={head} size={entry.size} />
      </div>
    </div>
  );
}
