/** What several features do with a project's files. */
import { files as api } from "@/api/client";
import type { Id } from "@/api/types";
import { download } from "@/lib/download";
import { entryOf } from "@/model/files/store";
import { fail } from "./toasts/store";

export async function downloadFile(fileId: Id): Promise<void> {
  const name = entryOf(fileId)?.name ?? "file";
  try {
    download(await api.bytes(fileId), name);
  } catch (error) {
    fail(`${name} could not be downloaded`, error);
  }
}
