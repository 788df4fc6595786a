"use client";
import { useEffect, useMemo, useState } from "react";
import { FileQuestion } from "lucide-react";
import { Empty } from "@/ui/Empty";
import { bytes } from "@/lib/format";
import { extension } from "@/lib/path";
import { framed } from "./html";
import { imageType, kindOf, type Kind } from "./kinds";
import { Table } from "./Table";

const MAX_TEXT_BYTES = 2_000_000;

/** Shows a file by its kind. HTML is rendered in a sandbox without scripts, origin or network; its links open tabs. */
export function Preview({ path, blob }: { path: string; blob: Blob }) {
  const [kind, setKind] = useState<Kind | null>(null);
  useEffect(() => {
    let gone = false;
    void kindOf(path, blob).then((found) => !gone && setKind(found));
    return () => void (gone = true);
  }, [path, blob]);
  switch (kind) {
    case "image":
      return <Picture path={path} blob={blob} />;
    case "table":
      return <Table blob={blob} separator={extension(path) === "tsv" ? "\t" : ","} />;
    case "html":
      return <Page path={path} blob={blob} />;
    case "text":
      return <Text blob={blob} />;
    case "binary":
      return (
        <Empty icon={FileQuestion} title="No preview for this kind of file">
          {bytes(blob.size)}
        </Empty>
      );
    case null:
      return null;
  }
}

function useText(blob: Blob): string | null {
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    let gone = false;
    void blob
      .slice(0, MAX_TEXT_BYTES)
      .text()
      .then((value) => !gone && setText(value));
    return () => void (gone = true);
  }, [blob]);
  return text;
}

function Picture({ path, blob }: { path: string; blob: Blob }) {
  const url = useMemo(() => URL.createObjectURL(new Blob([blob], { type: imageType(path) })), [path, blob]);
  const [size, setSize] = useState("");
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  return (
    <div className="grid h-full place-items-center overflow-auto p-6">
      <figure className="flex flex-col items-center">
        <img
          src={url}
          alt={path}
          onLoad={({ currentTarget: image }) => setSize(`${image.naturalWidth} × ${image.naturalHeight}`)}
          className="max-h-[68vh] max-w-full rounded-md border border-line bg-[repeating-conic-gradient(#8883_0_25%,transparent_0_50%)] bg-[length:16px_16px]"
        />
        <figcaption className="tabular mt-2 text-center text-xs text-muted">
          {size} · {bytes(blob.size)}
        </figcaption>
      </figure>
    </div>
  );
}

function Page({ path, blob }: { path: string; blob: Blob }) {
  const text = useText(blob);
  const page = useMemo(() => text && framed(text), [text]);
  if (page === null) return null;
  return (
    <iframe title={path} sandbox="allow-popups allow-popups-to-escape-sandbox" srcDoc={page} className="h-full w-full border-0 bg-white" />
  );
}

/** `size` is the length of the whole file when the blob is only its beginning. */
export function Text({ blob, size = blob.size }: { blob: Blob; size?: number }) {
  const text = useText(blob);
  const shown = Math.min(blob.size, MAX_TEXT_BYTES);
  return (
    <pre tabIndex={0} className="h-full overflow-auto px-5 py-3 font-mono text-xs leading-5 whitespace-pre-wrap">
      {text}
      {size > shown && <span className="text-muted">{`\n… ${bytes(size - shown)} more; download the file to read everything`}</span>}
    </pre>
  );
}
