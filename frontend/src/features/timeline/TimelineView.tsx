"use client";
import { useEffect, useRef, type KeyboardEvent } from "react";
import { History, RefreshCw, TriangleAlert, X } from "lucide-react";
import { messageOf } from "@/api/problem";
import type { Version } from "@/api/types";
import { cx } from "@/lib/cx";
import { ago, bytes, difference, moment } from "@/lib/format";
import { basename, parent } from "@/lib/path";
import { useNow } from "@/lib/useNow";
import { useFiles } from "@/model/files/store";
import { useActiveFileId, useTabs } from "@/shell/tabs/store";
import { activeTab } from "@/shell/tabs/tabs";
import { Button, IconButton } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { FileIcon } from "@/ui/FileIcon";
import { followActive, openVersion } from "./actions";
import { causeLabel, growth, versionLabel } from "./labels";
import { loadVersions, useTimeline } from "./store";
import type { VersionTab } from "./tab";

/** The versions of the open file, newest first. One that is selected opens beside what the file is now. */
export function TimelineView() {
  const projectId = useFiles((state) => state.projectId);
  const pinned = useTimeline((state) => state.pinned);
  const active = useActivePath();
  const path = pinned ?? active;
  useEffect(() => {
    if (projectId && path) void loadVersions(projectId, path);
  }, [projectId, path]);
  return (
    <div className="flex h-full flex-col">
      <div className="flex h-9.5 shrink-0 items-center justify-between pr-1.5 pl-3.5">
        <h2 className="text-2xs font-semibold tracking-[0.06em] text-muted uppercase">Timeline</h2>
        {pinned && pinned !== active && <IconButton label="Follow the open file" icon={X} onClick={followActive} />}
      </div>
      {path ? (
        <>
          <p className="flex h-6 shrink-0 items-center gap-1.5 pr-3 pb-1 pl-3.5 whitespace-nowrap" data-tip={path}>
            <FileIcon path={path} />
            <span className="truncate font-medium">{basename(path)}</span>
            <span className="min-w-0 truncate text-2xs text-faint">{parent(path)}</span>
          </p>
          <div className="min-h-0 flex-1">
            <Versions path={path} />
          </div>
        </>
      ) : (
        <Empty icon={History} title="No file is open">
          The versions of the open file appear here.
        </Empty>
      )}
    </div>
  );
}

function useActivePath(): string | null {
  const fileId = useActiveFileId();
  const shown = useTabs((state) => {
    const tab = activeTab(state.tabs);
    return tab?.kind === "version" ? (tab as VersionTab).path : null;
  });
  useFiles((state) => state.version);
  return shown ?? (fileId ? (useFiles.getState().tree.get(fileId)?.path ?? null) : null);
}

function Versions({ path }: { path: string }) {
  const { path: loaded, status, versions, error } = useTimeline();
  if (loaded !== path || status === "loading") return <div aria-busy="true" />;
  if (status === "failed") return <Failed path={path} error={error} />;
  if (!versions.length)
    return (
      <Empty icon={History} title="No versions yet">
        Each change of this file is kept here for a while.
      </Empty>
    );
  return <VersionList path={path} versions={versions} />;
}

function Failed({ path, error }: { path: string; error: unknown }) {
  const retry = () => {
    const { projectId } = useFiles.getState();
    if (projectId) void loadVersions(projectId, path);
  };
  return (
    <Empty icon={TriangleAlert} title="The versions can't be loaded">
      <p>{messageOf(error)}</p>
      <Button small icon={RefreshCw} onClick={retry} className="mt-2">
        Try again
      </Button>
    </Empty>
  );
}

function VersionList({ path, versions }: { path: string; versions: readonly Version[] }) {
  const list = useRef<HTMLUListElement>(null);
  const now = useNow(30_000);
  const shown = useTabs((state) => activeTab(state.tabs)?.key);
  const grown = growth(versions);
  const onKeyDown = (event: KeyboardEvent) => {
    const rows = [...list.current!.querySelectorAll("button")];
    const at = rows.indexOf(document.activeElement as HTMLButtonElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    rows[Math.max(0, Math.min(rows.length - 1, to))]?.focus();
  };
  return (
    <ul ref={list} aria-label="Versions" onKeyDown={onKeyDown} className="h-full overflow-y-auto overscroll-contain px-1.5 pb-4">
      {versions.map((version, index) => (
        <VersionRow
          key={version.id}
          version={version}
          path={path}
          grown={grown[index]!}
          now={now}
          shown={shown === `version:${version.id}`}
          last={index === versions.length - 1}
        />
      ))}
    </ul>
  );
}

interface VersionRowProps {
  version: Version;
  path: string;
  /** How many bytes more than the version before. */
  grown: number | null;
  now: number;
  shown: boolean;
  last: boolean;
}

function VersionRow({ version, path, grown, now, shown, last }: VersionRowProps) {
  const { cause, author, created_at, current, size } = version;
  return (
    <li>
      <button
        type="button"
        aria-current={current || undefined}
        aria-label={`${versionLabel(version, now)}${current ? ", the file now" : ""}`}
        data-tip={`${moment(created_at)}, ${bytes(size)}`}
        onClick={() => openVersion(version, path)}
        className={cx("flex h-11 w-full items-stretch gap-2.5 rounded-[6px] px-2 text-left", shown ? "bg-active" : "hover:bg-hover")}
      >
        <Rail current={current} last={last} />
        <span className="min-w-0 flex-1 self-center">
          <span className="flex items-baseline gap-2">
            <span className="min-w-0 flex-1 truncate">
              {causeLabel(cause)}
              {current && <span className="ml-1.5 text-2xs text-link">now</span>}
            </span>
            <span className="tabular shrink-0 text-2xs text-faint">{ago(created_at, now)}</span>
          </span>
          <span className="flex items-baseline gap-2 text-2xs text-faint">
            <span className="min-w-0 flex-1 truncate">
              {[author?.name ?? "Unknown", version.path !== path && `as ${version.path}`].filter(Boolean).join(" · ")}
            </span>
            <span className="tabular shrink-0">{grown === null ? bytes(size) : difference(grown)}</span>
          </span>
        </span>
      </button>
    </li>
  );
}

/** The line of time, with a dot for the version. */
function Rail({ current, last }: { current: boolean; last: boolean }) {
  return (
    <span aria-hidden className="relative w-2.5 shrink-0">
      <span
        className={cx(
          "absolute left-1/2 w-px -translate-x-1/2 bg-line-strong",
          current ? "top-1/2" : "top-0",
          last ? "bottom-1/2" : "bottom-0",
        )}
      />
      <span
        className={cx(
          "absolute top-1/2 left-1/2 size-2 -translate-1/2 rounded-full border-[1.5px]",
          current ? "border-(--focus) bg-(--focus)" : "border-line-strong bg-app",
        )}
      />
    </span>
  );
}
