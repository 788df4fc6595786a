import { Upload } from "lucide-react";
import { useFiles } from "@/model/files/store";
import type { Command } from "@/shell/commands";
import { inProject } from "@/shell/context";
import { fail } from "@/shell/toasts/store";
import { gatherDropped } from "./gather";
import { pickFiles } from "./picker";
import { uploadInto } from "./upload";

interface Dropped {
  transfer: DataTransfer;
  folder: string;
}

function uploadDropped({ transfer, folder }: Dropped): void {
  const { projectId } = useFiles.getState();
  if (!projectId) return;
  gatherDropped(transfer).then(
    (found) => uploadInto(projectId, found, { folder }),
    (error) => fail("The files could not be read", error),
  );
}

export const commands: Command[] = [
  { id: "file.upload", category: "File", label: "Upload files", icon: Upload, when: inProject, run: pickFiles },
  {
    id: "upload.dropped",
    category: "File",
    label: "Upload dropped files",
    hidden: true,
    when: inProject,
    run: (dropped) => uploadDropped(dropped as Dropped),
  },
];
