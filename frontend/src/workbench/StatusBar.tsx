"use client";
import { CircleAlert, TriangleAlert } from "lucide-react";
import { useDocuments, documentOf } from "@/model/documents/documents";
import { languageName } from "@/lib/languages";
import { useActiveFileId, useEditor } from "@/shell/tabs/store";
import { useProblems } from "@/features/errors/markers";
import { useRun } from "@/features/run/store";
import type { Link } from "@/model/live/connection";
import { useLive } from "@/model/live/store";
import { freshnessWords, useFreshness } from "@/model/indexStatus";
import { runningCount, useJobs, waitingCount } from "@/model/jobs/store";
import { count } from "@/lib/format";
import { cx } from "@/lib/cx";
import { execute } from "@/shell/commands";
import { useLayout } from "@/shell/panes";
import type { Phase } from "@/model/documents/sync";

export function StatusBar() {
  return (
    <footer className="col-span-3 flex items-center justify-between gap-3 overflow-hidden border-t border-line bg-app px-1.5 text-2xs text-muted select-none">
      <div className="flex min-w-0 items-center">
        <Connection />
        <Queue />
        <Freshness />
        <Problems />
      </div>
      <div className="flex shrink-0 items-center">
        <FileState />
        <Place />
      </div>
    </footer>
  );
}

const item = "tabular flex h-5 items-center gap-1.5 rounded-[5px] px-2 whitespace-nowrap";

/** What the light says, and what it means. */
function words({ link, online, rtt }: { link: Link | "off"; online: boolean; rtt: number | null }): { text: string; tip: string } {
  if (link === "open") return { text: "Connected", tip: rtt === null ? "Changes and runs arrive live" : `Live; a round trip takes ${milliseconds(rtt)}` };
  if (!online) return { text: "Offline", tip: "What you write is kept here and sent when the network is back" };
  if (link === "blocked") return { text: "No live line", tip: "This network lets no WebSocket through: runs come another way, changes by others every 15 seconds" };
  if (link === "waiting") return { text: "Reconnecting…", tip: "The server does not answer; what you write is kept here until it does" };
  return { text: "Connecting…", tip: "The live line is being opened" };
}

const milliseconds = (time: number) => `${time < 1 ? "<1" : Math.round(time)} ms`;

function Connection() {
  const live = useLive();
  const open = live.link === "open";
  const { text, tip } = words(live);
  return (
    <span className={item} role="status" aria-label={`Connection: ${text}`} data-tip={tip}>
      <span
        aria-hidden
        className={cx("size-[7px] rounded-full", open ? "bg-good" : live.online ? "animate-[pulse-light_1.4s_infinite] bg-warn" : "bg-bad")}
      />
      <span className={cx(open && "max-sm:hidden")}>{text}</span>
      {open && live.rtt !== null && <span className="text-faint">{milliseconds(live.rtt)}</span>}
    </span>
  );
}

function Queue() {
  const running = useJobs(runningCount);
  const waiting = useJobs(waitingCount);
  const parts = [running ? `${running} running` : "", waiting ? `${waiting} waiting` : ""].filter(Boolean);
  return (
    <button
      type="button"
      data-tip="Show tasks"
      className={cx(item, "hover:bg-hover hover:text-text", !parts.length && "max-sm:hidden")}
      onClick={() => useLayout.getState().show("tasks")}
    >
      {parts.join(" · ") || "Queue empty"}
    </button>
  );
}

function Freshness() {
  const words = freshnessWords(useFreshness());
  if (!words) return null;
  return (
    <span className={cx(item, "max-sm:hidden", words.behind && "text-warn")} role="status" data-tip={words.tip}>
      {words.text}
    </span>
  );
}

function Problems() {
  const problems = useProblems((state) => state.problems);
  const fromRun = useRun((state) => state.errors);
  const all = [...problems, ...fromRun];
  const errors = all.filter((problem) => problem.severity === "error").length;
  const warnings = all.length - errors;
  return (
    <button
      type="button"
      aria-label={`${count(errors, "error")}, ${count(warnings, "warning")}`}
      className={cx(item, "hover:bg-hover hover:text-text")}
      onClick={() => execute("view.errors")}
    >
      <CircleAlert size={12} className={errors ? "text-bad" : undefined} aria-hidden />
      {errors}
      <TriangleAlert size={12} className={warnings ? "text-warn" : undefined} aria-hidden />
      {warnings}
    </button>
  );
}

const PHASES: Record<Phase, { text: string; tone?: string }> = {
  clean: { text: "Saved" },
  dirty: { text: "Unsaved", tone: "text-warn" },
  saving: { text: "Saving…" },
  offline: { text: "Kept here until you are online", tone: "text-warn" },
  conflict: { text: "Conflict", tone: "text-bad" },
  gone: { text: "Deleted on the server", tone: "text-bad" },
  failed: { text: "Not saved", tone: "text-bad" },
};

function FileState() {
  const fileId = useActiveFileId();
  const status = useDocuments((state) => (fileId ? state.status[fileId] : undefined));
  if (status?.kind !== "text") return null;
  const { text, tone } = PHASES[status.phase];
  return (
    <span className={cx(item, tone)} role="status" aria-label={`File: ${text}`}>
      {text}
    </span>
  );
}

function Place() {
  const fileId = useActiveFileId();
  const { line, column, selected } = useEditor((state) => state.cursor);
  const text = useDocuments((state) => (fileId ? state.status[fileId]?.kind === "text" : false));
  const model = fileId && text ? documentOf(fileId)?.model : undefined;
  if (!model) return null;
  const { insertSpaces, tabSize } = model.getOptions();
  return (
    <>
      <button type="button" className={cx(item, "hover:bg-hover hover:text-text")} onClick={() => execute("editor.goToLine")}>
        Ln {line}, Col {column}
        {selected > 0 && ` (${selected} selected)`}
      </button>
      <span className={cx(item, "max-md:hidden")}>{insertSpaces ? `Spaces: ${tabSize}` : "Tabs"}</span>
      <span className={cx(item, "max-md:hidden")}>{model.getEOL() === "\r\n" ? "CRLF" : "LF"}</span>
      <span className={cx(item, "max-sm:hidden")}>{languageName(model.getLanguageId())}</span>
    </>
  );
}
