"use client";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Upload } from "lucide-react";
import type { Id } from "@/api/types";
import { hasFiles } from "@/lib/drop";
import { targetFolder } from "@/model/files/store";
import { fail } from "@/shell/toasts/store";
import { gatherDropped, gatherPicked, type Gathered } from "./gather";
import { createFromUpload } from "./newProject";
import { PICKER_ID } from "./picker";
import { uploadInto } from "./upload";

/** Accepts a drop anywhere in the studio; the explorer's rows handle their own first. */
export function ProjectDrop({ projectId, children }: { projectId: Id; children: ReactNode }) {
  return (
    <DropZone text="Drop to upload to this project" onDrop={(gathered) => void uploadInto(projectId, gathered)}>
      {children}
      <FilePicker projectId={projectId} />
    </DropZone>
  );
}

/** The browser's file dialog, opened by the command "Upload files". */
function FilePicker({ projectId }: { projectId: Id }) {
  return (
    <input
      id={PICKER_ID}
      type="file"
      multiple
      hidden
      aria-label="Files to upload"
      onChange={async (event) => {
        const folder = targetFolder();
        const gathered = event.target.files && (await gatherPicked(event.target.files));
        event.target.value = "";
        if (gathered) await uploadInto(projectId, gathered, { folder });
      }}
    />
  );
}

/** Accepts a drop anywhere in the list of projects. */
export function NewProjectDrop({ children }: { children: ReactNode }) {
  return (
    <DropZone text="Drop a folder or an archive to create a project from it" onDrop={(gathered) => void createFromUpload(gathered)}>
      {children}
    </DropZone>
  );
}

interface DropZoneProps {
  text: string;
  onDrop(gathered: Gathered): void;
  children: ReactNode;
}

function DropZone({ text, onDrop, children }: DropZoneProps) {
  const [over, setOver] = useState(false);
  const drop = useRef(onDrop);
  drop.current = onDrop;
  useEffect(() => {
    let depth = 0;
    const enter = (event: DragEvent) => {
      if (!hasFiles(event.dataTransfer)) return;
      depth++;
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (hasFiles(event.dataTransfer) && --depth <= 0) setOver(false);
    };
    const allow = (event: DragEvent) => hasFiles(event.dataTransfer) && event.preventDefault();
    const take = (event: DragEvent) => {
      depth = 0;
      setOver(false);
      if (!hasFiles(event.dataTransfer) || event.defaultPrevented) return;
      event.preventDefault();
      gatherDropped(event.dataTransfer!).then(drop.current, (error) => fail("The files could not be read", error));
    };
    const reset = () => {
      depth = 0;
      setOver(false);
    };
    window.addEventListener("dragenter", enter);
    window.addEventListener("dragleave", leave);
    window.addEventListener("dragover", allow);
    window.addEventListener("drop", take);
    window.addEventListener("drop", reset, true);
    return () => {
      window.removeEventListener("dragenter", enter);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("dragover", allow);
      window.removeEventListener("drop", take);
      window.removeEventListener("drop", reset, true);
    };
  }, []);
  return (
    <>
      {children}
      {over && (
        <div className="appear pointer-events-none fixed inset-3 z-40 grid place-items-center rounded-2xl border-2 border-dashed border-(--focus) bg-(--ring) backdrop-blur-[1px]">
          <p className="flex items-center gap-2.5 rounded-lg bg-raised px-4 py-2.5 font-medium shadow-pop">
            <Upload size={16} aria-hidden />
            {text}
          </p>
        </div>
      )}
    </>
  );
}
