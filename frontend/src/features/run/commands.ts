import { Download, Pencil, Play, RotateCw, Square, TerminalSquare } from "lucide-react";
import type { Id } from "@/api/types";
import { afterLayout } from "@/lib/afterLayout";
import { chosenEntries } from "@/model/files/store";
import { shownIsRunning, useJobs } from "@/model/jobs/store";
import type { Command } from "@/shell/commands";
import { hasChosen, inProject } from "@/shell/context";
import { useLayout } from "@/shell/panes";
import { rerun, runPlanned, saveOutput, show, start, stop } from "./actions";
import { DEFAULT_ARTIFACTS } from "./configurations";
import { useRun } from "./store";

const hasJob = () => inProject() && useJobs.getState().shown !== null;

function focusConsole(): void {
  afterLayout(() => document.querySelector<HTMLElement>("[data-testid=console] textarea, [role=tabpanel] button")?.focus());
}

const run: Command[] = [
  { id: "run.start", label: "Run", icon: Play, keys: ["F5", "Mod+Enter"], when: inProject, run: runPlanned },
  {
    id: "run.stop",
    label: "Stop the run",
    icon: Square,
    keys: ["Shift+F5"],
    when: () => inProject() && shownIsRunning(useJobs.getState()),
    run: () => stop(),
  },
  { id: "run.again", label: "Run again", icon: RotateCw, keys: ["Mod+Shift+F5"], when: hasJob, run: () => rerun() },
  { id: "run.download", label: "Download output", icon: Download, when: hasJob, run: () => saveOutput(useJobs.getState().shown!) },
  {
    id: "run.chosen",
    label: "Run this file",
    icon: Play,
    when: hasChosen,
    run: () => start({ entry: chosenEntries()[0]!.path, artifacts: DEFAULT_ARTIFACTS }),
  },
  {
    id: "run.configure",
    label: "Edit run configurations",
    icon: Pencil,
    when: inProject,
    run: () => useRun.setState({ editingConfigurations: true }),
  },
].map((item) => ({ ...item, category: "Run" }));

/** For other features that list jobs. Their argument is the job's id. */
const onJob: Command[] = [
  { id: "job.show", label: "Show job", run: (jobId: unknown) => show(jobId as Id) },
  { id: "job.stop", label: "Stop job", run: (jobId: unknown) => stop(jobId as Id) },
  { id: "job.again", label: "Run job again", run: (jobId: unknown) => rerun(jobId as Id) },
].map((item) => ({ ...item, category: "Run", hidden: true, when: inProject }));

export const commands: Command[] = [
  ...run,
  ...onJob,
  {
    id: "view.console",
    category: "View",
    label: "Go to console",
    icon: TerminalSquare,
    keys: ["Mod+`"],
    when: inProject,
    run: () => {
      useLayout.getState().show("console");
      focusConsole();
    },
  },
];
