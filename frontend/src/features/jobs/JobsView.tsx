"use client";
import { useMemo } from "react";
import { ListChecks, RotateCw, Square } from "lucide-react";
import type { Job } from "@/api/types";
import { execute } from "@/shell/commands";
import { IconButton } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { ago } from "@/lib/format";
import { useNow } from "@/lib/useNow";
import { cx } from "@/lib/cx";
import { StateIcon } from "@/ui/StateIcon";
import { isOver, newestFirst, useJobs } from "@/model/jobs/store";
import { cost, evidence, stateLabel, titleOf, verdictLabel, waitingLabel } from "@/model/jobs/labels";

export function JobsView() {
  const jobs = useJobs((state) => state.jobs);
  const list = useMemo(() => newestFirst(jobs), [jobs]);
  const active = list.some((job) => !isOver(job.state));
  const now = useNow(active ? 500 : 30_000);
  if (!list.length)
    return (
      <Empty icon={ListChecks} title="No jobs yet">
        Runs of this project, from here, from other tabs and from the command line, appear here.
      </Empty>
    );
  return (
    <ul aria-label="Jobs" tabIndex={0} className="h-full overflow-y-auto border-t border-line px-1.5 py-1">
      {list.map((job) => (
        <JobRow key={job.id} job={job} now={now} />
      ))}
    </ul>
  );
}

function JobRow({ job, now }: { job: Job; now: number }) {
  const shown = useJobs((state) => state.shown === job.id);
  const over = isOver(job.state);
  const words = job.state === "queued" ? waitingLabel(job) : over ? verdictLabel(job) : "Running";
  const why = evidence(job);
  return (
    <li className={cx("group flex h-8 items-center gap-2.5 rounded-[6px] pr-1 pl-2.5 hover:bg-hover", shown && "bg-active")}>
      <StateIcon state={job.state} label={stateLabel(job.state)} />
      <button type="button" onClick={() => execute("job.show", job.id)} className="flex h-full min-w-0 flex-1 items-center gap-3 text-left">
        <code className="min-w-16 flex-1 truncate text-xs">{titleOf(job)}</code>
        <span className="max-w-[46%] truncate text-xs text-muted" data-tip={why ?? undefined}>
          {words}
          {job.attempt > 1 && ` · attempt ${job.attempt}`}
        </span>
        <span className="tabular w-32 shrink-0 truncate text-right text-xs text-muted max-sm:hidden">{cost(job, now).join(" · ")}</span>
        <span className="tabular w-22 shrink-0 text-right text-2xs text-faint max-md:hidden">{ago(job.created_at, now)}</span>
      </button>
      {over ? (
        <IconButton
          label={`Run ${titleOf(job)} again`}
          icon={RotateCw}
          size={13}
          className="opacity-0 group-focus-within:opacity-100 group-hover:opacity-100"
          onClick={() => execute("job.again", job.id)}
        />
      ) : (
        <IconButton
          label={`Stop ${titleOf(job)}`}
          icon={Square}
          size={13}
          className="text-bad!"
          onClick={() => execute("job.stop", job.id)}
        />
      )}
    </li>
  );
}
