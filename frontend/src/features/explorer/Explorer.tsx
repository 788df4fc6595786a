"use client";
import { useDeferredValue, useMemo } from "react";
import { ChevronsDownUp, FilePlus2, FolderPlus, RefreshCw, TriangleAlert, Upload } from "lucide-react";
import { Button, IconButton } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { execute } from "@/shell/commands";
import { fail } from "@/shell/toasts/store";
import { FilterResults } from "./FilterResults";
import { collapseAll, loadFiles, useFiles } from "@/model/files/store";
import { TreeView } from "./TreeView";

export function Explorer() {
  const filter = useFiles((state) => state.filter);
  const deferred = useDeferredValue(filter);
  return (
    <div className="flex h-full flex-col">
      <Toolbar />
      <div className="px-2 pb-2">
        <input
          type="search"
          aria-label="Filter files by name"
          placeholder="Filter files"
          value={filter}
          spellCheck={false}
          onChange={(event) => useFiles.setState({ filter: event.target.value })}
          onKeyDown={(event) => event.key === "Escape" && useFiles.setState({ filter: "" })}
          className="field h-7 text-xs"
        />
      </div>
      <div className="min-h-0 flex-1">{deferred ? <FilterResults query={deferred} /> : <Content />}</div>
    </div>
  );
}

function Toolbar() {
  return (
    <div className="flex h-9.5 shrink-0 items-center justify-between pr-1.5 pl-3.5">
      <h2 className="text-2xs font-semibold tracking-[0.06em] text-muted uppercase">Explorer</h2>
      <div className="flex">
        <IconButton label="New file" icon={FilePlus2} keys="Alt+N" onClick={() => execute("file.new")} />
        <IconButton label="New folder" icon={FolderPlus} onClick={() => execute("file.newFolder")} />
        <IconButton label="Upload files" icon={Upload} onClick={() => execute("file.upload")} />
        <IconButton label="Collapse all folders" icon={ChevronsDownUp} onClick={collapseAll} />
      </div>
    </div>
  );
}

function Content() {
  const status = useFiles((state) => state.status);
  const version = useFiles((state) => state.version);
  const tree = useFiles((state) => state.tree);
  const editing = useFiles((state) => state.editing);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the tree changes in place; its version says when
  const size = useMemo(() => tree.size, [tree, version]);
  if (status === "failed") return <Failed />;
  if (status !== "ready") return <Skeleton />;
  if (!size && !editing) return <NoFiles />;
  return <TreeView />;
}

function Failed() {
  const retry = () => {
    const { projectId } = useFiles.getState();
    if (projectId) loadFiles(projectId).catch((error) => fail("The files can't be loaded", error));
  };
  return (
    <Empty icon={TriangleAlert} title="The files can't be loaded">
      <Button small icon={RefreshCw} onClick={retry} className="mt-2">
        Try again
      </Button>
    </Empty>
  );
}

function NoFiles() {
  return (
    <Empty icon={FilePlus2} title="No files yet">
      <p>Drop files or a folder here, or start with a new one.</p>
      <Button small icon={FilePlus2} className="mt-3" onClick={() => execute("file.new")}>
        New file
      </Button>
    </Empty>
  );
}

const WIDTHS = [62, 48, 70, 55, 40, 64];

function Skeleton() {
  return (
    <div className="space-y-2.5 px-4 py-2" aria-busy="true" aria-label="Loading files" role="status">
      {WIDTHS.map((width) => (
        <div key={width} className="h-3 animate-pulse rounded bg-line" style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}
