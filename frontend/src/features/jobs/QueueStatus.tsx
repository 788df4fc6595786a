"use client";
import { runningCount, useJobs, waitingCount } from "@/model/jobs/store";
import { execute } from "@/shell/commands";
import { StatusButton } from "@/ui/StatusItem";

/** How many jobs run and how many wait. */
export function QueueStatus() {
  const running = useJobs(runningCount);
  const waiting = useJobs(waitingCount);
  const parts = [running ? `${running} running` : "", waiting ? `${waiting} waiting` : ""].filter(Boolean);
  return (
    <StatusButton data-tip="Show jobs" className={parts.length ? undefined : "max-sm:hidden"} onClick={() => execute("view.jobs")}>
      {parts.join(" · ") || "Queue empty"}
    </StatusButton>
  );
}
