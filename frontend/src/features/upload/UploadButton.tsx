"use client";
import { useRef, useState } from "react";
import { FileArchive, FolderOpen, Upload } from "lucide-react";
import { Button } from "@/ui/Button";
import { below, Menu, type MenuPlace } from "@/ui/Menu";
import { gatherPicked } from "./gather";
import { createFromUpload } from "./newProject";

/** A file dialog selects either a folder or files, so the button asks which. */
export function UploadButton() {
  const [place, setPlace] = useState<MenuPlace | null>(null);
  const folder = useRef<HTMLInputElement>(null);
  const archive = useRef<HTMLInputElement>(null);
  const take = async (input: HTMLInputElement) => {
    if (input.files?.length) await createFromUpload(await gatherPicked(input.files));
    input.value = "";
  };
  return (
    <>
      <Button icon={Upload} aria-haspopup="menu" aria-expanded={place !== null} onClick={(event) => setPlace(below(event.currentTarget))}>
        Upload
      </Button>
      {place && (
        <Menu
          label="Upload"
          place={place}
          onClose={() => setPlace(null)}
          entries={[
            { id: "folder", label: "A folder", icon: FolderOpen, run: () => folder.current?.click() },
            { id: "archive", label: "An archive", icon: FileArchive, detail: "zip, tar", run: () => archive.current?.click() },
          ]}
        />
      )}
      <input
        ref={(element) => {
          folder.current = element;
          element?.setAttribute("webkitdirectory", "");
        }}
        type="file"
        multiple
        hidden
        aria-label="Folder to upload"
        onChange={(event) => void take(event.target)}
      />
      <input
        ref={archive}
        type="file"
        accept=".zip,.tar,.gz,.tgz,.zst"
        hidden
        aria-label="Archive to upload"
        onChange={(event) => void take(event.target)}
      />
    </>
  );
}
