"use client";
import { useEffect, useMemo, useRef, useState } from "react";
import { RefreshCw } from "lucide-react";
import { projects as api } from "@/api/client";
import { ago, count } from "@/lib/format";
import { useNow } from "@/lib/useNow";
import { useWindow } from "@/lib/useWindow";
import { closeIndex, loadIndexStatus, useIndexStatus, type KnownIndex } from "@/model/indexStatus";
import { useFiles } from "@/model/files/store";
import { openPath } from "@/shell/tabs/open";
import { fail, toast } from "@/shell/toasts/store";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { FileIcon } from "@/ui/FileIcon";

/** What the search index covers, and which files it leaves out and why. */
export function IndexDialog() {
  const open = useIndexStatus((state) => state.open);
  return open ? (
    <Dialog title="Search index" onClose={closeIndex} className="w-[min(600px,calc(100vw-24px))]!">
      <State />
    </Dialog>
  ) : null;
}

const REFRESH_MS = 3000;

function State() {
  const projectId = useFiles((state) => state.projectId);
  const { index, refusal } = useIndexStatus();
  const building = index?.state === "building";
  useEffect(() => {
    if (!projectId) return;
    void loadIndexStatus(projectId);
    if (!building) return;
    const timer = setInterval(() => void loadIndexStatus(projectId), REFRESH_MS);
    return () => clearInterval(timer);
  }, [projectId, building]);
  if (!index) return <p className="px-4 py-5 text-muted">{refusal ?? "The state of the index is not known."}</p>;
  return <Known index={index} />;
}

function Known({ index }: { index: KnownIndex }) {
  const now = useNow(10_000);
  const tree = useFiles((state) => state.tree);
  const shape = useFiles((state) => state.tree.shape);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the tree changes in place; its shape says when
  const files = useMemo(() => tree.filePaths().length, [tree, shape]);
  const { skipped, chunks, embedded, state, indexed_at } = index;
  const built = indexed_at ? `built ${ago(indexed_at, now)}` : "not built yet";
  const words = { none: "There is no index yet", building: "The index is being built", ready: "The index is ready" }[state];
  return (
    <>
      <div className="space-y-3 px-4 py-3.5">
        <p>
          {words}
          <span className="text-muted">
            , {built}
            {index.pending ? `, ${count(index.pending, "file")} changed since` : ""}
          </span>
        </p>
        <Bar label="Files that text, expressions and symbols can find" value={index.files} of={Math.max(files, index.files)} />
        <Bar label="Parts of files that can be found by meaning" value={embedded} of={chunks} />
      </div>
      <Skipped skipped={skipped} />
      <footer className="flex items-center justify-between gap-3 border-t border-line bg-app px-4 py-3">
        <span className="text-xs text-muted">Changed files are searched as they are now, also before they are indexed.</span>
        <Rebuild building={state === "building"} />
      </footer>
    </>
  );
}

function Rebuild({ building }: { building: boolean }) {
  const [asked, setAsked] = useState(false);
  const rebuild = async () => {
    const { projectId } = useFiles.getState();
    if (!projectId) return;
    setAsked(true);
    try {
      await api.buildIndex(projectId);
      toast("The index is brought up to date");
    } catch (error) {
      fail("The index could not be brought up to date", error);
    }
    await loadIndexStatus(projectId);
    setAsked(false);
  };
  return (
    <Button small icon={RefreshCw} disabled={building || asked} onClick={() => void rebuild()}>
      Update
    </Button>
  );
}

function Bar({ label, value, of }: { label: string; value: number; of: number }) {
  const share = of ? Math.min(1, value / of) : 0;
  return (
    <div>
      <p className="mb-1 flex justify-between gap-3 text-xs">
        <span className="text-muted">{label}</span>
        <span className="tabular">
          {value.toLocaleString("en")} of {of.toLocaleString("en")}
        </span>
      </p>
      <div
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        className="h-1.5 overflow-hidden rounded-full bg-(--key)"
      >
        <div className="h-full rounded-full bg-accent" style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  );
}

const ROW_HEIGHT = 28;

function Skipped({ skipped }: { skipped: KnownIndex["skipped"] }) {
  const box = useRef<HTMLDivElement>(null);
  const { from, to, onScroll } = useWindow(box, skipped.length, ROW_HEIGHT, 8);
  return (
    <section aria-label="Files that are left out" className="border-t border-line">
      <h3 className="px-4 pt-2.5 pb-1 text-xs font-medium text-muted">
        {skipped.length ? `${count(skipped.length, "file is", "files are")} left out, wholly or in part` : "No file is left out"}
      </h3>
      <div ref={box} tabIndex={skipped.length ? 0 : -1} onScroll={onScroll} className="max-h-56 overflow-y-auto">
        <ul className="relative" style={{ height: skipped.length * ROW_HEIGHT + (skipped.length ? 8 : 0) }}>
          {skipped.slice(from, to).map(({ path, why }, offset) => (
            <li key={path} className="absolute inset-x-2.5" style={{ top: (from + offset) * ROW_HEIGHT }}>
              <button
                type="button"
                className="flex h-7 w-full items-center gap-2 rounded-[5px] px-1.5 text-left text-xs hover:bg-hover"
                onClick={() => openPath(path) && closeIndex()}
              >
                <FileIcon path={path} size={14} />
                <span className="min-w-0 flex-1 truncate">{path}</span>
                <span className="max-w-[55%] truncate text-faint">{why}</span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}
