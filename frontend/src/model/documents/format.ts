/** How the text of a file is stored: its encoding and its line ends. Documents hold text without a mark, with `\n`. */
import { files as api } from "@/api/client";
import type { FileEntry, Id } from "@/api/types";
import { BOM, decode, encode, sniff, SNIFF_BYTES, type Encoding } from "@/lib/encoding";
import { lineEndsOf, withLf, withLineEnds, type LineEnds } from "@/lib/lineEnds";
import type { Etag } from "./sync";

export interface Format {
  encoding: Encoding;
  lineEnds: LineEnds;
}

/** A file's text as it is edited, and what is needed to store it again. */
export interface Stored {
  entry: FileEntry;
  text: string;
  format: Format;
  /** The text with its line ends. */
  original: string;
}

/** The API edits no larger text. */
const EDITABLE_BYTES = 10 << 20;

/** Reads a file as text; null when it is none. A given encoding is used whatever the bytes look like. */
export async function readStored(fileId: Id, encoding?: Encoding): Promise<Stored | null> {
  const entry = await api.get(fileId);
  if (typeof entry.content === "string" && (!encoding || encoding.startsWith("utf-8"))) return inUtf8(entry, entry.content);
  if (entry.size > EDITABLE_BYTES) return null;
  const found = encoding ?? sniff(await bytesOf(api.part(fileId, 0, SNIFF_BYTES)));
  if (!found) return null;
  const text = decode(await bytesOf(api.bytes(fileId)), found);
  return stored(entry, text, found);
}

/** The text of bytes with `\n` for line ends; null when they are no text. */
export async function textOfBlob(blob: Blob): Promise<string | null> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const encoding = sniff(bytes.subarray(0, SNIFF_BYTES));
  return encoding && withLf(decode(bytes, encoding).replace(BOM, ""));
}

const bytesOf = async (blob: Promise<Blob>) => new Uint8Array(await (await blob).arrayBuffer());

function inUtf8(entry: FileEntry, content: string): Stored {
  const marked = content.startsWith(BOM);
  return stored(entry, marked ? content.slice(1) : content, marked ? "utf-8-bom" : "utf-8");
}

function stored(entry: FileEntry, original: string, encoding: Encoding): Stored {
  return { entry, text: withLf(original), format: { encoding, lineEnds: lineEndsOf(original) }, original };
}

/** Stores a text on top of the version `etag`; returns the entry, and the text with its line ends. */
export async function writeStored(fileId: Id, text: string, format: Format, original: string, etag: Etag) {
  const written = withLineEnds(text, format.lineEnds, original);
  const { encoding } = format;
  const entry = encoding.startsWith("utf-8")
    ? await api.save(fileId, encoding === "utf-8-bom" ? BOM + written : written, etag)
    : await api.write(fileId, encode(written, encoding), etag);
  return { entry, original: written };
}
