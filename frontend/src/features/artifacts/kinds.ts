/** Decides how a file is previewed. */
import { extension } from "@/lib/path";

export type Kind = "image" | "table" | "html" | "text" | "binary";

const IMAGES: Record<string, string> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  svg: "image/svg+xml",
  bmp: "image/bmp",
  ico: "image/x-icon",
  avif: "image/avif",
};
const SNIFF_BYTES = 8192;

export function imageType(path: string): string | undefined {
  return IMAGES[extension(path)];
}

export async function kindOf(path: string, blob: Blob): Promise<Kind> {
  const name = extension(path);
  if (imageType(path)) return "image";
  if (name === "csv" || name === "tsv") return "table";
  if (name === "html" || name === "htm") return "html";
  return (await looksLikeText(blob)) ? "text" : "binary";
}

/** Text contains no zero byte; nearly every binary format has one near its start. */
export async function looksLikeText(blob: Blob): Promise<boolean> {
  const head = new Uint8Array(await blob.slice(0, SNIFF_BYTES).arrayBuffer());
  return !head.includes(0);
}
