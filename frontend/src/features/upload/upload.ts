/** Sends files and folders: packed into archives below the server's limit, with one progress bar. */
import { projects as api } from "@/api/client";
import type { Id, Project, Uploaded } from "@/api/types";
import { bytes, count } from "@/lib/format";
import { join } from "@/lib/path";
import { loadFiles, useFiles } from "@/model/files/store";
import { useLive } from "@/model/live/store";
import { dismiss, fail, toast, update } from "@/shell/toasts/store";
import { namesIn } from "./archiveNames";
import { mayUnpack, withoutClashes } from "./clashes";
import { isArchive, type Gathered, type Item } from "./gather";
import { tarParts } from "@/lib/tar";

export const MAX_BYTES = 50_000_000;
/** Room for tar headers. */
const BATCH_BYTES = 40_000_000;
const BATCH_FILES = 20_000;

export interface Plan {
  batches: Item[][];
  tooLarge: Item[];
}

export function planUpload(items: readonly Item[]): Plan {
  const plan: Plan = { batches: [], tooLarge: [] };
  let batch: Item[] = [];
  let size = 0;
  for (const item of items) {
    if (item.file.size > BATCH_BYTES) {
      plan.tooLarge.push(item);
      continue;
    }
    if (batch.length && (size + item.file.size > BATCH_BYTES || batch.length >= BATCH_FILES)) {
      plan.batches.push(batch);
      batch = [];
      size = 0;
    }
    batch.push(item);
    size += item.file.size;
  }
  if (batch.length) plan.batches.push(batch);
  return plan;
}

async function pack(batch: readonly Item[], folder: string): Promise<Blob> {
  const members = batch.map(({ path, file }) => ({ path: join(folder, path), size: file.size, data: file }));
  const tar = new Blob(tarParts(members));
  const packed = tar.stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(packed).blob();
}

interface Into {
  folder?: string;
  /** Leaves out the single top folder of an archive. */
  strip?: boolean;
}

/** Uploads into a project and returns the updated project, or null on failure. The server unpacks a single archive at the root. */
export async function uploadInto(projectId: Id, gathered: Gathered, { folder = "", strip = false }: Into = {}): Promise<Project | null> {
  const { skipped } = gathered;
  const archive = gathered.items.length === 1 && !folder && isArchive(gathered.items[0]!.file.name);
  const chosen = await chooseItems(projectId, gathered.items, folder, archive);
  if (!chosen || (gathered.items.length && !chosen.length)) return null;
  const { batches, tooLarge } = planUpload(archive ? [] : chosen);
  const items = archive ? chosen : batches.flat();
  if (tooLarge.length) refuse(tooLarge);
  if (!items.length) {
    if (!tooLarge.length) toast("Nothing to upload", { detail: skipped ? "All files are ignored" : undefined });
    return null;
  }
  const label = items.length === 1 ? items[0]!.file.name : count(items.length, "file");
  const id = toast(`Uploading ${label}`, { progress: 0 });
  try {
    const project = archive ? await sendArchive(projectId, items[0]!, strip, id) : await sendBatches(projectId, batches, folder, id);
    const detail = leftOut(skipped, project);
    update(id, { text: `Uploaded ${label}`, tone: "success", progress: undefined, detail });
    // The socket reports new files; while it is closed, the list is read again.
    if (useFiles.getState().projectId === projectId && useLive.getState().link !== "open") await loadFiles(projectId);
    return project;
  } catch (error) {
    dismiss(id);
    fail(`${label} could not be uploaded`, error);
    return null;
  }
}

/** The items to send: those whose name is taken are asked about. Null when the upload was called off. */
async function chooseItems(projectId: Id, items: Item[], folder: string, archive: boolean): Promise<Item[] | null> {
  const { projectId: open, tree } = useFiles.getState();
  if (open !== projectId) return items;
  if (!archive) return withoutClashes(tree, items, folder);
  const { file } = items[0]!;
  return (await mayUnpack(tree, file.name, await namesIn(file, file.name))) ? items : null;
}

/** What rules left out here, and what the server left out of an archive. */
export function leftOut(ignored: number, uploaded: Partial<Pick<Uploaded, "skipped" | "skipped_total">> | null): string | undefined {
  const parts: string[] = [];
  if (ignored) parts.push(`${count(ignored, "ignored entry", "ignored entries")} skipped`);
  const first = uploaded?.skipped?.[0];
  const more = (uploaded?.skipped_total ?? 0) - 1;
  if (first) parts.push(`Left out: ${first.path} (${first.why})${more > 0 ? ` and ${more} more` : ""}`);
  return parts.join(". ") || undefined;
}

async function sendArchive(projectId: Id, { file }: Item, strip: boolean, toastId: number): Promise<Uploaded> {
  if (file.size > MAX_BYTES) throw new Error(`An archive may have at most ${bytes(MAX_BYTES)}; this one has ${bytes(file.size)}`);
  return api.upload(projectId, file, { name: file.name, strip }, (progress) => update(toastId, { progress }));
}

function refuse(tooLarge: readonly Item[]): void {
  const names = tooLarge
    .slice(0, 3)
    .map(({ path }) => path)
    .join(", ");
  toast(`${count(tooLarge.length, "file is", "files are")} larger than ${bytes(BATCH_BYTES)}`, { tone: "error", detail: names });
}

async function sendBatches(projectId: Id, batches: Item[][], folder: string, toastId: number): Promise<Uploaded | null> {
  let project: Uploaded | null = null;
  for (const [index, batch] of batches.entries()) {
    const archive = await pack(batch, folder);
    project = await api.upload(projectId, archive, { name: "upload.tar.gz" }, (part) =>
      update(toastId, { progress: (index + part) / batches.length }),
    );
  }
  return project;
}
