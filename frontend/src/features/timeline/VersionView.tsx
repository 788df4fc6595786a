"use client";
import { useEffect, useState } from "react";
import { Columns2, Download, FileWarning, RotateCcw, TriangleAlert } from "lucide-react";
import { files, history as api } from "@/api/client";
import { messageOf } from "@/api/problem";
import type { Version } from "@/api/types";
import { download } from "@/lib/download";
import { bytes } from "@/lib/format";
import { languageOf } from "@/lib/languages";
import { basename } from "@/lib/path";
import { useNow } from "@/lib/useNow";
import { documentOf, LARGE_BYTES, useDocuments } from "@/model/documents/documents";
import { textOfBlob } from "@/model/documents/format";
import { useFiles } from "@/model/files/store";
import { useLayout } from "@/shell/panes";
import { Button, IconButton } from "@/ui/Button";
import { DiffEditor } from "@/shell/diff/DiffEditor";
import { DownloadButton } from "@/ui/DownloadButton";
import { Empty } from "@/ui/Empty";
import { restoreVersion } from "./actions";
import { versionLabel } from "./labels";
import type { VersionTab } from "./tab";

/** A version of a file: what differs from the file now, or the whole text of a file that is deleted. */
export function VersionView({ tab: { version, path } }: { tab: VersionTab }) {
  const [beside, setBeside] = useState(true);
  const narrow = useLayout((state) => state.narrow);
  const loaded = useContent(version);
  const now = useNow(30_000);
  const etag = useFiles((state) => state.tree.at(path)?.etag ?? null);
  const exists = etag !== null;
  const same = etag === version.hash;
  return (
    <div role="region" aria-label={`Version of ${basename(path)}`} className="flex min-h-0 flex-1 flex-col bg-surface">
      <div className="flex h-9 shrink-0 items-center gap-2 border-b border-line pr-2 pl-3 text-xs text-muted">
        <span className="min-w-0 flex-1 truncate">
          {versionLabel(version, now)}
          <span className="text-faint">
            {same ? " · the same as the file now" : exists ? " · against the file now" : " · the file is deleted"}
          </span>
        </span>
        {exists && !narrow && <IconButton label="Side by side" icon={Columns2} pressed={beside} onClick={() => setBeside(!beside)} />}
        {loaded.blob && <IconButton label="Download this version" icon={Download} onClick={() => download(loaded.blob!, basename(path))} />}
        <Button small tone="primary" icon={RotateCcw} disabled={same} onClick={() => void restoreVersion(version, path)}>
          Restore
        </Button>
      </div>
      <div className="min-h-0 flex-1">
        <Content version={version} path={path} loaded={loaded} exists={exists} beside={beside && !narrow} />
      </div>
    </div>
  );
}

interface Loaded {
  blob: Blob | null;
  /** Null when the bytes are no text; undefined while they are read. */
  text: string | null | undefined;
  error: unknown;
}

/** The bytes of a version never change: they are read once. */
function useContent({ id, size }: Version): Loaded {
  const [loaded, setLoaded] = useState<Loaded>({ blob: null, text: undefined, error: null });
  useEffect(() => {
    const { projectId } = useFiles.getState();
    if (!projectId) return;
    let gone = false;
    const read = async () => {
      const blob = await api.content(projectId, id);
      const text = size > LARGE_BYTES ? null : await textOfBlob(blob);
      if (!gone) setLoaded({ blob, text, error: null });
    };
    read().catch((error) => !gone && setLoaded({ blob: null, text: undefined, error }));
    return () => void (gone = true);
  }, [id, size]);
  return loaded;
}

interface ContentProps {
  version: Version;
  path: string;
  loaded: Loaded;
  exists: boolean;
  beside: boolean;
}

function Content({ version, path, loaded, exists, beside }: ContentProps) {
  const { size } = version;
  const current = useCurrent(path);
  const { blob, text, error } = loaded;
  if (error) {
    return (
      <Empty icon={TriangleAlert} title="This version can't be loaded">
        {messageOf(error)}
      </Empty>
    );
  }
  if (text === null || current === null) {
    return (
      <Empty icon={FileWarning} title={size > LARGE_BYTES ? "This version is large" : "This version is no text"}>
        <p>It has {bytes(size)}.</p>
        {blob && (
          <div className="mt-3 flex justify-center">
            <DownloadButton onDownload={() => download(blob, basename(path))} />
          </div>
        )}
      </Empty>
    );
  }
  if (text === undefined || (exists && current === undefined)) return <div aria-busy="true" />;
  return (
    <DiffEditor
      label={`Changes since ${basename(path)} was this`}
      language={languageOf(path).monaco}
      before={text}
      after={current}
      beside={beside}
    />
  );
}

/** The text of the file now, unsaved changes included. Undefined while it is read or when there is no file; null when it is no text. */
function useCurrent(path: string): string | null | undefined {
  const [text, setText] = useState<string | null | undefined>(undefined);
  const fileId = useFiles((state) => state.tree.at(path)?.id);
  const etag = useFiles((state) => state.tree.at(path)?.etag);
  const phase = useDocuments(({ status }) => {
    const known = fileId ? status[fileId] : undefined;
    return known?.kind === "text" ? known.phase : known?.kind;
  });
  useEffect(() => {
    if (!fileId) return setText(undefined);
    const document = documentOf(fileId);
    if (document) return setText(document.model.getValue());
    let gone = false;
    files
      .bytes(fileId)
      .then(textOfBlob)
      .then(
        (read) => !gone && setText(read),
        () => !gone && setText(null),
      );
    return () => void (gone = true);
  }, [fileId, etag, phase]);
  return text;
}
