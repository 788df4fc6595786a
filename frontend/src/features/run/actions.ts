/** Starts, stops and shows runs. */
import { jobs as api } from "@/api/client";
import type { Id, Job, JobState, NumberedJobEvent, RunRequest } from "@/api/types";
import { download } from "@/lib/download";
import { randomId } from "@/lib/random";
import { duration } from "@/lib/format";
import { activeFileId } from "@/shell/tabs/store";
import { documentOf, saveAll } from "@/model/documents/documents";
import { filesSettled } from "@/model/files/bulk";
import { entryOf, useFiles } from "@/model/files/store";
import { files } from "@/api/client";
import { useLayout } from "@/shell/panes";
import { applyState, isOver, putJob, useJobs } from "@/model/jobs/store";
import { elapsed, titleOf, verdictLabel } from "@/model/jobs/labels";
import { flushDeferred } from "@/shell/toasts/deferred";
import { fail, toast, type Tone } from "@/shell/toasts/store";
import { recall, remember } from "@/lib/storage";
import { CONFIGURATIONS_PATH, DEFAULT_ARTIFACTS, parseConfigurations, requestOf } from "./configurations";
import { logOf, newLog, notifyOutput } from "@/model/jobs/output";
import { closeInput, resendInputs } from "@/model/jobs/input";
import { followJob } from "@/model/jobs/stream";
import { consoleSize } from "./size";
import { keepProgress, keepRequest, requestFor, useRun } from "./store";

const following = new Map<Id, () => void>();

/** What the Run button does now; null when there is nothing to run. */
export function plannedRun(): { label: string; request: RunRequest } | null {
  const { chosen, configurations } = useRun.getState();
  const configuration = configurations.find((item) => item.name === chosen);
  if (configuration) return { label: configuration.name, request: requestOf(configuration) };
  const fileId = activeFileId();
  const entry = fileId ? entryOf(fileId) : undefined;
  if (!entry) return null;
  return { label: entry.name, request: { entry: entry.path, artifacts: DEFAULT_ARTIFACTS } };
}

export async function runPlanned(): Promise<void> {
  const plan = plannedRun();
  if (plan) await start(plan.request);
  else toast("Open a file or choose a run configuration first");
}

export async function start(request: RunRequest): Promise<void> {
  const { projectId } = useFiles.getState();
  if (!projectId || useRun.getState().starting) return;
  useRun.setState({ starting: true });
  try {
    await Promise.all([flushDeferred(), filesSettled()]);
    if (!(await saveAll())) toast("Some changes are not saved; the run uses the saved files", { tone: "error" });
    const asked = onTerminal(request);
    const job = await api.run(projectId, asked, randomId());
    keepRequest(job.id, asked);
    putJob(job);
    show(job.id);
  } catch (error) {
    fail("The run could not start", error);
  } finally {
    useRun.setState({ starting: false });
  }
}

/** A run of the studio has the console as its terminal, unless its input is given. */
export function onTerminal(request: RunRequest): RunRequest {
  const tty = request.tty ?? request.stdin === undefined;
  return tty ? { ...request, tty, terminal: consoleSize() } : request;
}

/** Shows a job in the console and follows its output from the first byte. */
export function show(jobId: Id): void {
  useJobs.setState({ shown: jobId });
  remember(shownKey(), jobId);
  useLayout.getState().show("console");
  if (!logOf(jobId)) selectOpened(jobId);
  notifyOutput(jobId);
}

const shownKey = () => `shown.${useFiles.getState().projectId}`;

/** After a reload the console has the same job again, or one that is running, with its output. */
export async function restoreShown(projectId: Id): Promise<void> {
  const known = recall<Id | null>(shownKey(), null);
  const job = (known && (await api.get(known).catch(() => null))) || (await newestRunning(projectId));
  const here = useFiles.getState().projectId === projectId;
  if (!job || !here || job.project_id !== projectId || useJobs.getState().shown) return;
  putJob(job);
  useJobs.setState({ shown: job.id });
  selectOpened(job.id);
  notifyOutput(job.id);
}

async function newestRunning(projectId: Id): Promise<Job | undefined> {
  const jobs = await api.list(projectId).catch(() => []);
  return jobs.find((job) => job.kind === "execute" && !isOver(job.state));
}

function selectOpened(jobId: Id): void {
  newLog(jobId);
  following.get(jobId)?.();
  following.set(
    jobId,
    followJob(jobId, (event) => onEvent(jobId, event)),
  );
}

function onEvent(jobId: Id, event: NumberedJobEvent): void {
  const log = logOf(jobId);
  switch (event.event) {
    case "output":
      return log?.push(event.data);
    case "state":
      log?.enterAttempt(event.data.attempt);
      if (event.data.state === "running") resendInputs(jobId);
      return applyState(jobId, event.data);
    case "progress":
      return keepProgress(jobId, event.data.message);
    case "result":
      return finished(event.data);
  }
}

function finished(job: Job): void {
  const wasOver = isOver(useJobs.getState().jobs.get(job.id)?.state ?? "queued");
  putJob(job);
  closeInput(job.id);
  following.delete(job.id);
  keepProgress(job.id, null);
  if (useJobs.getState().shown === job.id) notifyOutput(job.id);
  if (!wasOver) notifyEnd(job);
}

/** Shorter runs in the visible console end without a notification. */
const NOTIFY_AFTER_MS = 5000;

/** A run that was stopped is no error. */
const TONES: Partial<Record<JobState, Tone>> = { succeeded: "success", cancelled: "info" };

export function notifyEnd(job: Job): void {
  const time = elapsed(job) ?? 0;
  const looking = useLayout.getState().bottom && useLayout.getState().bottomTab === "console" && useJobs.getState().shown === job.id;
  if (looking && time < NOTIFY_AFTER_MS) return;
  toast(`${titleOf(job)}: ${verdictLabel(job)}`, {
    tone: TONES[job.state] ?? "error",
    detail: time ? `after ${duration(time)}` : undefined,
    action: looking ? undefined : { label: "Show", run: () => show(job.id) },
    ms: 5000,
  });
}

export async function stop(jobId = useJobs.getState().shown): Promise<void> {
  if (!jobId) return;
  try {
    await api.cancel(jobId);
  } catch (error) {
    fail("The run could not be stopped", error);
  }
}

export async function rerun(jobId = useJobs.getState().shown): Promise<void> {
  const request = jobId ? requestFor(jobId) : undefined;
  const job = jobId ? useJobs.getState().jobs.get(jobId) : undefined;
  if (request) return start(request);
  // Of a run from another tab only the command line is known.
  if (job?.title) return start({ command: job.title, ...(job.runtime ? { runtime: job.runtime } : {}), artifacts: DEFAULT_ARTIFACTS });
}

/** Downloads the whole output, one file per stream. */
export async function saveOutput(jobId: Id): Promise<void> {
  try {
    const [out, err] = await Promise.all([api.output(jobId, "stdout"), api.output(jobId, "stderr")]);
    if (out.size || !err.size) download(out, `${jobId}.stdout.txt`);
    if (err.size) download(err, `${jobId}.stderr.txt`);
  } catch (error) {
    fail("The output could not be downloaded", error);
  }
}

export function choose(name: string | null): void {
  useRun.setState({ chosen: name });
  remember(`run.${useFiles.getState().projectId}`, name);
}

/** Reads the project's configurations; a file that can't be read is reported once. */
export async function loadConfigurations(): Promise<void> {
  const entry = useFiles.getState().tree.at(CONFIGURATIONS_PATH);
  if (!entry) return useRun.setState({ configurations: [] });
  try {
    const open = documentOf(entry.id);
    const text = open ? open.model.getValue() : ((await files.get(entry.id)).content ?? "");
    useRun.setState({ configurations: parseConfigurations(text) });
  } catch (error) {
    fail(`${CONFIGURATIONS_PATH} can't be read`, error);
  }
}
