"use client";
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import { files as api } from "@/api/client";
import type { FileEntry } from "@/api/types";
import { bytes, count } from "@/lib/format";
import { trim } from "@/lib/newest";
import { downloadFile } from "@/shell/files";
import { DownloadButton } from "@/ui/DownloadButton";
import { hexLayout, hexRow, parseOffset, ROW_BYTES } from "./hex";

const ROW_HEIGHT = 20;
const PART_BYTES = 64 * 1024;
const KEEP_PARTS = 32;

/** The bytes of a file, read in parts as they come into view. */
export function HexView({ entry }: { entry: FileEntry }) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 400 });
  const rows = Math.ceil(entry.size / ROW_BYTES);
  const { total, first, count: shown } = hexLayout(rows, ROW_HEIGHT, view.top, view.height);
  const read = useParts(entry, first * ROW_BYTES, shown * ROW_BYTES);

  useLayoutEffect(() => {
    const element = box.current!;
    const observer = new ResizeObserver(() => setView({ top: element.scrollTop, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const goTo = (offset: number) => {
    const element = box.current!;
    const last = Math.max(1, rows - Math.floor(element.clientHeight / ROW_HEIGHT));
    const row = Math.min(Math.floor(offset / ROW_BYTES), last);
    // The middle of the row, so that rounding does not lead to the one before.
    element.scrollTop = ((row + 0.5) / last) * Math.max(0, total - element.clientHeight);
  };

  return (
    <div className="flex h-full flex-col bg-surface">
      <div className="flex h-9 shrink-0 items-center gap-3 border-b border-line px-3 text-xs text-muted">
        <span className="min-w-0 flex-1 truncate">
          This is not a text file · {bytes(entry.size)}
          {entry.size >= 1000 && ` (${count(entry.size, "byte")})`}
        </span>
        <OffsetField onGo={goTo} />
        <DownloadButton onDownload={() => void downloadFile(entry.id)} />
      </div>
      <div
        ref={box}
        role="region"
        aria-label={`Bytes of ${entry.name}`}
        tabIndex={0}
        data-testid="hex"
        className="min-h-0 flex-1 overflow-auto font-mono text-xs"
        onScroll={(event) => setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })}
      >
        <div className="relative min-w-max" style={{ height: total + 16 }}>
          <div className="sticky top-0 px-4 pt-2">
            {Array.from({ length: Math.max(0, shown) }, (_, n) => (
              <Row key={n} offset={(first + n) * ROW_BYTES} bytes={read((first + n) * ROW_BYTES)} />
            ))}
          </div>
        </div>
      </div>
    </div>
  );
}

function Row({ offset, bytes }: { offset: number; bytes: Uint8Array | null }) {
  const row = hexRow(offset, bytes ?? new Uint8Array());
  return (
    <div className="flex gap-6 whitespace-pre" style={{ height: ROW_HEIGHT, lineHeight: `${ROW_HEIGHT}px` }}>
      <span className="text-faint select-none">{row.offset}</span>
      <span className="w-[48ch]">{row.hex}</span>
      <span className="text-muted">{row.text}</span>
    </div>
  );
}

function OffsetField({ onGo }: { onGo(offset: number): void }) {
  const [text, setText] = useState("");
  const wrong = text !== "" && parseOffset(text) === null;
  const onKeyDown = (event: KeyboardEvent) => {
    const offset = parseOffset(text);
    if (event.key === "Enter" && offset !== null) onGo(offset);
  };
  return (
    <input
      aria-label="Go to offset"
      aria-invalid={wrong}
      placeholder="Offset, hex"
      value={text}
      spellCheck={false}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={onKeyDown}
      className="field h-7 w-28 font-mono text-xs"
    />
  );
}

/** Loads the parts around a range; returns how to read a row, null where it is not loaded. */
function useParts(entry: FileEntry, from: number, length: number): (offset: number) => Uint8Array | null {
  const [parts, setParts] = useState<ReadonlyMap<number, Uint8Array>>(new Map());
  const asked = useRef(new Set<number>());
  const { id, etag, size } = entry;
  useEffect(() => {
    setParts(new Map());
    asked.current = new Set();
  }, [id, etag]);
  const start = Math.floor(from / PART_BYTES);
  const end = Math.floor(Math.max(from, Math.min(size, from + length) - 1) / PART_BYTES);
  useEffect(() => {
    const requested = asked.current;
    for (let part = start; part <= end && part * PART_BYTES < size; part++) {
      if (requested.has(part)) continue;
      requested.add(part);
      api
        .part(id, part * PART_BYTES, PART_BYTES)
        .then((blob) => blob.arrayBuffer())
        .then(
          (buffer) => setParts((known) => kept(known, part, new Uint8Array(buffer), requested)),
          // It is asked for again when it next comes into view.
          () => requested.delete(part),
        );
    }
  }, [id, etag, size, start, end]);
  return (offset) => {
    const part = Math.floor(offset / PART_BYTES);
    return parts.get(part)?.subarray(offset - part * PART_BYTES, offset - part * PART_BYTES + ROW_BYTES) ?? null;
  };
}

function kept(known: ReadonlyMap<number, Uint8Array>, part: number, data: Uint8Array, asked: Set<number>) {
  const all = new Map(known).set(part, data);
  trim(all, KEEP_PARTS);
  for (const old of known.keys()) if (!all.has(old)) asked.delete(old);
  return all;
}
