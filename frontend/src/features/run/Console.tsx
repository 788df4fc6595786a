"use client";
import { useEffect, useRef, useState } from "react";
import { ChevronDown, ChevronUp, Download, Play, RotateCw, Search, Square, X } from "lucide-react";
import type { Id, Job } from "@/api/types";
import { execute } from "@/shell/commands";
import { projectPath } from "@/model/files/store";
import { jobAsides } from "@/shell/contributions";
import { openPath } from "@/shell/tabs/open";
import { useSettings } from "@/model/settings";
import { isOver, useJobs } from "@/model/jobs/store";
import { StateIcon } from "@/ui/StateIcon";
import { cost, evidence, stateLabel, titleOf, verdictLabel, waitingLabel } from "@/model/jobs/labels";
import { useNow } from "@/lib/useNow";
import { Button, IconButton } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { rerun, saveOutput, stop } from "./actions";
import { logOf } from "@/model/jobs/output";
import { inputOf } from "@/model/jobs/input";
import { toast } from "@/shell/toasts/store";
import { consoleSize, keepConsoleSize } from "./size";
import { requestFor, useRun } from "./store";
import type { ConsoleScreen } from "./terminal";

export function Console() {
  const shown = useJobs((state) => state.shown);
  const job = useJobs((state) => (shown ? state.jobs.get(shown) : undefined));
  const [searching, setSearching] = useState(false);
  if (!shown || !job) return <NothingRun />;
  return (
    <div className="flex h-full flex-col">
      <Verdict job={job} onSearch={() => setSearching(true)} />
      <div className="flex min-h-0 flex-1">
        <div className="min-w-0 flex-1">
          <Screen jobId={shown} searching={searching} onSearch={setSearching} />
        </div>
        {jobAsides().map(({ id, View }) => (
          <View key={id} jobId={shown} />
        ))}
      </div>
    </div>
  );
}

function NothingRun() {
  return (
    <Empty icon={Play} title="Nothing has run yet">
      <p>Run the open file, or choose a run configuration.</p>
      <Button small icon={Play} className="mt-3" onClick={() => execute("run.start")}>
        Run
      </Button>
    </Empty>
  );
}

/** The job's state, cost and verdict. */
function Verdict({ job, onSearch }: { job: Job; onSearch(): void }) {
  const over = isOver(job.state);
  const now = useNow(over ? 0 : 200);
  const progress = useRun((state) => state.progress[job.id]);
  const words = job.state === "queued" ? waitingLabel(job) : over ? verdictLabel(job) : "Running";
  const why = over ? evidence(job) : progress;
  return (
    <div className="flex min-h-8.5 shrink-0 items-center gap-2.5 border-y border-line bg-app py-0.5 pr-1.5 pl-3.5 text-xs">
      <StateIcon state={job.state} label={stateLabel(job.state)} />
      <span role="status" className="shrink-0 font-semibold">
        {words}
      </span>
      {job.attempt > 1 && <span className="shrink-0 text-warn">attempt {job.attempt}</span>}
      <span className="tabular shrink-0 text-muted">{cost(job, now).join(" · ")}</span>
      {why && (
        <span className="min-w-0 truncate text-muted" data-tip={why}>
          {why}
        </span>
      )}
      <code className="ml-auto min-w-0 truncate pl-2 text-right text-2xs text-faint max-sm:hidden">{titleOf(job)}</code>
      <div className="flex shrink-0 max-sm:ml-auto">
        {!over && <IconButton label="Stop" icon={Square} keys="Shift+F5" className="text-bad!" onClick={() => void stop(job.id)} />}
        {over && <IconButton label="Run again" icon={RotateCw} onClick={() => void rerun(job.id)} />}
        <IconButton label="Search the output" icon={Search} keys="Mod+F" onClick={onSearch} />
        <IconButton label="Download output" icon={Download} onClick={() => void saveOutput(job.id)} />
      </div>
    </div>
  );
}

/** Types into the program that the console shows. */
function typeIntoShown(text: string): void {
  const { shown } = useJobs.getState();
  if (shown && !inputOf(shown).type(text)) toast("The program takes no input");
}

function resizeShown(size: { rows: number; cols: number }): void {
  keepConsoleSize(size);
  const { shown, jobs } = useJobs.getState();
  if (shown && jobs.get(shown)?.state === "running") inputOf(shown).resize(size.rows, size.cols);
}

interface ScreenProps {
  jobId: Id;
  searching: boolean;
  onSearch(searching: boolean): void;
}

function Screen({ jobId, searching, onSearch }: ScreenProps) {
  const box = useRef<HTMLDivElement>(null);
  const [screen, setScreen] = useState<ConsoleScreen | null>(null);
  const { fontSize, dark, screenReader } = useSettings();

  useEffect(() => {
    let made: ConsoleScreen | null = null;
    let gone = false;
    void import("./terminal").then((module) => {
      if (gone || !box.current) return;
      const settings = useSettings.getState();
      made = new module.ConsoleScreen(box.current, {
        ...settings,
        isInProject: ({ path }) => projectPath(path) !== null,
        go: ({ path, line, column }) => openPath(projectPath(path)!, { line, column }),
        type: (text) => typeIntoShown(text),
        resize: (size) => resizeShown(size),
      });
      setScreen(made);
    });
    return () => {
      gone = true;
      made?.dispose();
    };
  }, []);
  useEffect(() => screen?.show(logOf(jobId)), [screen, jobId]);
  const interactive = useJobs(({ jobs }) => jobs.get(jobId)?.state === "running") && requestFor(jobId)?.tty !== false;
  useEffect(() => {
    screen?.setInteractive(interactive);
    const size = consoleSize();
    if (screen && interactive && size) inputOf(jobId).resize(size.rows, size.cols);
  }, [screen, interactive, jobId]);
  useEffect(() => screen?.set({ fontSize, dark, screenReader }), [screen, fontSize, dark, screenReader]);

  return (
    <div
      className="relative h-full overflow-hidden bg-surface"
      onKeyDown={(event) => {
        if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "f") return;
        event.preventDefault();
        onSearch(true);
      }}
    >
      <div ref={box} data-testid="console" className="h-full" />
      {screen && searching && (
        <SearchBox
          screen={screen}
          onClose={() => {
            onSearch(false);
            screen.focus();
          }}
        />
      )}
    </div>
  );
}

function SearchBox({ screen, onClose }: { screen: ConsoleScreen; onClose(): void }) {
  const [text, setText] = useState("");
  const next = () => screen.search.findNext(text);
  const previous = () => screen.search.findPrevious(text);
  return (
    <div role="search" className="appear absolute top-1.5 right-4 z-10 flex items-center gap-0.5 rounded-lg bg-raised p-1 shadow-pop">
      <input
        autoFocus
        aria-label="Search the output"
        className="field h-7 w-44 text-xs"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          screen.search.findNext(event.target.value, { incremental: true });
        }}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Enter") (event.shiftKey ? previous : next)();
          if (event.key === "Escape") onClose();
        }}
      />
      <IconButton label="Previous match" icon={ChevronUp} onClick={previous} />
      <IconButton label="Next match" icon={ChevronDown} onClick={next} />
      <IconButton label="Close search" icon={X} onClick={onClose} />
    </div>
  );
}
