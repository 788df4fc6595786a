/** Creates a project from dropped or picked files. */
import { projects as api } from "@/api/client";
import { putProject } from "@/model/projects";
import { visit } from "@/shell/location";
import { fail, toast } from "@/shell/toasts/store";
import { commonRoot, isArchive, strip, type Gathered } from "./gather";
import { uploadInto } from "./upload";

export async function createFromUpload(gathered: Gathered): Promise<void> {
  if (!gathered.items.length) return void toast("Nothing to upload");
  const { name, gathered: stripped } = asProject(gathered);
  try {
    const project = await api.create({ name });
    putProject(project);
    const filled = await uploadInto(project.id, stripped, { strip: true });
    if (!filled) return;
    putProject(filled);
    visit(project.id);
  } catch (error) {
    fail("The project could not be created", error);
  }
}

export interface NewFromUpload {
  name: string;
  gathered: Gathered;
}

/** Names the new project after the folder or the archive. */
export function asProject(gathered: Gathered): NewFromUpload {
  const root = commonRoot(gathered.items);
  if (root) return { name: root, gathered: { ...gathered, items: strip(gathered.items, root) } };
  const first = gathered.items[0]?.file.name ?? "New project";
  return { name: gathered.items.length === 1 ? stem(first) : "Uploaded files", gathered };
}

function stem(name: string): string {
  return isArchive(name) ? name.replace(/\.(zip|tgz|tar(\.gz|\.zst)?)$/i, "") : name.replace(/(.)\.\w+$/, "$1");
}
