import { useEffect, useRef, useState } from "react";
import { basename, parent } from "@/lib/path";
import { FileIcon, FolderIcon } from "@/ui/FileIcon";
import { useFiles, type Editing } from "@/model/files/store";
import { nameProblem } from "@/model/files/tree";
import { INDENT } from "./TreeRow";

interface NameRowProps {
  top: number;
  depth: number;
  editing: Editing;
  onCommit(editing: Editing, name: string): void;
  onCancel(): void;
}

/** A row whose name is being typed. */
export function NameRow({ top, depth, editing, onCommit, onCancel }: NameRowProps) {
  const renaming = editing.kind === "rename";
  const [name, setName] = useState(renaming ? basename(editing.path) : "");
  const input = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  const tree = useFiles((state) => state.tree);
  const folder = renaming ? parent(editing.path) : editing.path;
  const problem = nameProblem(tree, folder, name, renaming ? editing.path : undefined);
  const isFolder = editing.kind === "folder" || (renaming && tree.at(editing.path)?.type === "folder");

  useEffect(() => {
    const element = input.current!;
    element.focus();
    const dot = element.value.lastIndexOf(".");
    element.setSelectionRange(0, dot > 0 ? dot : element.value.length);
    return () => document.querySelector<HTMLElement>("[role=tree]")?.focus();
  }, []);

  const finish = (commit: boolean) => {
    if (done.current) return;
    done.current = true;
    if (commit && !problem) onCommit(editing, name.trim());
    else onCancel();
  };

  return (
    <div className="absolute inset-x-1.5 z-10 flex h-6 items-center gap-1.5 pr-1" style={{ top, paddingLeft: 8 + depth * INDENT }}>
      <span className="w-3.5 shrink-0" />
      {isFolder ? <FolderIcon open={false} /> : <FileIcon path={name} />}
      <input
        ref={input}
        aria-label={renaming ? "New name" : editing.kind === "file" ? "Name of the new file" : "Name of the new folder"}
        aria-invalid={Boolean(problem && name)}
        aria-describedby={problem && name ? "name-problem" : undefined}
        value={name}
        spellCheck={false}
        onChange={(event) => setName(event.target.value)}
        onBlur={() => finish(Boolean(name))}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Enter" && !problem) finish(true);
          if (event.key === "Escape") finish(false);
        }}
        className="field h-5.5 min-w-0 flex-1 rounded-[4px] px-1.5"
      />
      {problem && name && (
        <p
          id="name-problem"
          role="alert"
          className="absolute top-full right-1 left-9 z-10 mt-0.5 rounded-md bg-bad-soft px-2 py-1 text-xs text-bad shadow-pop"
        >
          {problem}
        </p>
      )}
    </div>
  );
}
