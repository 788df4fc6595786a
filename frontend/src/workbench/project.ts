/** Opening and leaving a project: files, tabs, jobs and the live connection come and go together. */
import type { FileMessage, Id, Project, ServerMessage } from "@/api/types";
import { projects as projectsApi } from "@/api/client";
import { ApiError, OfflineError } from "@/api/problem";
import { count } from "@/lib/format";
import { basename } from "@/lib/path";
import { recall } from "@/lib/storage";
import { disposeAll, dispose, documentOf, orphans, renamedDocument, sendWaiting } from "@/model/documents/documents";
import { closeTabs, makeAgain, openPath } from "@/features/editor/navigate";
import { leaveTabs, restoreTabs, useEditor } from "@/shell/tabs/store";
import { applyFileMessage, entryOf, leaveFiles, loadFiles, useExplorer } from "@/model/files/store";
import { connect } from "@/model/live/session";
import { useLive } from "@/model/live/store";
import { putProject, useProjects } from "@/features/projects/actions";
import { CONFIGURATIONS_PATH } from "@/features/run/configurations";
import { announce, loadConfigurations } from "@/features/run/actions";
import { leaveRuns, logOf, useRun } from "@/features/run/store";
import { leaveFreshness, loadFreshness, noteChange } from "@/model/indexStatus";
import { isOver, leaveJobs, loadJobs, putJob, putJobs, useJobs } from "@/model/jobs/store";
import { fail, toast } from "@/shell/toasts/store";
import { usePlace, visit } from "@/shell/location";

export function currentProject(): Project | undefined {
  const { project } = usePlace.getState();
  return useProjects.getState().projects.find((item) => item.id === project);
}

/** How often news is asked for without a live line. */
const ASK_MS = 15_000;

/** Opens a project; gives how to leave it. */
export function enterProject(projectId: Id): () => void {
  let left = false;
  const disconnect = connect(projectId, {
    welcome: (snapshot, first) => void resume(projectId, snapshot && !first),
    file: (message, own) => onFile(projectId, message, own),
    message: (message) => onMessage(projectId, message),
  });
  void load(projectId, () => left);
  const online = () => void reportWaiting(projectId);
  window.addEventListener("online", online);
  const asking = setInterval(() => void askAgain(projectId), ASK_MS);
  return () => {
    left = true;
    clearInterval(asking);
    window.removeEventListener("online", online);
    disconnect();
    disposeAll();
    leaveTabs();
    leaveFiles();
    leaveJobs();
    leaveRuns();
    leaveFreshness();
  };
}

async function load(projectId: Id, left: () => boolean): Promise<void> {
  try {
    const [project] = await Promise.all([projectsApi.get(projectId), loadFiles(projectId)]);
    if (left()) return;
    putProject(project);
    openRemembered(projectId);
    useRun.setState({ chosen: recall<string | null>(`run.${projectId}`, null) });
    await Promise.all([loadJobs(projectId), loadConfigurations(), loadFreshness(projectId)]);
    await reportWaiting(projectId);
  } catch (error) {
    if (left()) return;
    if (error instanceof ApiError && error.status === 404) {
      toast("This project does not exist any more", { tone: "error" });
      visit(null);
    } else if (!(error instanceof OfflineError)) fail("The project could not be opened", error);
  }
}

function openRemembered(projectId: Id): void {
  const { tree } = useExplorer.getState();
  restoreTabs(projectId, (fileId) => tree.get(fileId) !== undefined);
  const { file } = usePlace.getState();
  if (file) openPath(file, { quiet: true });
}

async function resume(projectId: Id, anew: boolean): Promise<void> {
  try {
    // The first connection may also be the one that came after a failed load.
    if (anew || useExplorer.getState().status === "failed") await reload(projectId);
    await reportWaiting(projectId);
  } catch (error) {
    if (!(error instanceof OfflineError)) fail("The files can't be loaded", error);
  }
}

/** Reads the list again and brings every open file up to it. */
async function reload(projectId: Id): Promise<void> {
  const failed = useExplorer.getState().status === "failed";
  await loadFiles(projectId);
  const { tree } = useExplorer.getState();
  if (failed) openRemembered(projectId);
  closeTabs((tab) => tab.kind === "file" && !tree.get(tab.fileId));
  for (const entry of tree.entries()) void documentOf(entry.id)?.sync.remote(entry.etag);
  void loadConfigurations();
}

/** Where no socket gets through, news is asked for while someone looks. */
async function askAgain(projectId: Id): Promise<void> {
  if (useLive.getState().link !== "blocked" || document.visibilityState !== "visible") return;
  try {
    await Promise.all([reload(projectId), loadJobs(projectId)]);
  } catch {
    // Asked again in a while.
  }
}

/** Long enough to decide; it is offered once in each visit. */
const KEPT_TEXT_MS = 60_000;
const offered = new Set<Id>();

async function reportWaiting(projectId: Id): Promise<void> {
  const unsent = await sendWaiting(projectId);
  if (unsent) toast(`${count(unsent, "file")} changed here and on the server`, { detail: "Open them to merge", tone: "error" });
  for (const [fileId, { path, text }] of await orphans(projectId)) {
    if (offered.has(fileId)) continue;
    offered.add(fileId);
    toast(`${basename(path)} was deleted, but has unsaved text of yours`, {
      tone: "error",
      action: { label: "Make it again", run: () => void makeAgain(projectId, fileId, path, text) },
      ms: KEPT_TEXT_MS,
    });
  }
}

let reloading: ReturnType<typeof setTimeout> | undefined;

function onFile(projectId: Id, message: FileMessage, own: boolean): void {
  noteChange();
  if (message.change === "bulk") {
    clearTimeout(reloading);
    reloading = setTimeout(() => void reload(projectId).catch((error) => fail("The files can't be loaded", error)), 120);
    return;
  }
  const id = message.file?.id ?? message.file_id;
  const before = id ? entryOf(id) : undefined;
  const gone = applyFileMessage(message, own);
  for (const entry of gone) onGone(entry.id, entry.name, own);
  if (message.file && id) {
    if (message.file.path !== before?.path) renamedDocument(id, message.file.path);
    if (!own) void documentOf(id)?.sync.remote(message.file.etag);
  }
  if (message.file?.path === CONFIGURATIONS_PATH) void loadConfigurations();
}

/** Deleted elsewhere: the tab goes, unless it holds what nobody else has. */
function onGone(fileId: Id, name: string, own: boolean): void {
  const document = documentOf(fileId);
  if (!document) return;
  if (document.sync.dirty && !own) {
    document.sync.vanish();
    toast(`${name} was deleted elsewhere`, { tone: "error", detail: "Your unsaved text is still here; saving makes the file again" });
    return;
  }
  closeTabs((tab) => tab.kind === "file" && tab.fileId === fileId);
  dispose(fileId);
}

function onMessage(projectId: Id, message: ServerMessage): void {
  if (message.type === "welcome") putJobs(message.jobs.filter((job) => job.project_id === projectId));
  if (message.type === "job") {
    const old = useJobs.getState().jobs.get(message.job.id);
    putJob(message.job);
    const ended = isOver(message.job.state) && !(old && isOver(old.state));
    if (ended && !logOf(message.job.id)) announce(message.job);
    if (message.job.kind === "index") void loadFreshness(projectId);
  }
  if (message.type === "project" && message.change === "deleted") {
    toast("This project was deleted", { tone: "error" });
    visit(null);
  }
  if (message.type === "project" && message.change === "updated") void projectsApi.get(projectId).then(putProject, () => {});
}

export function hasOpenTabs(): boolean {
  return useEditor.getState().tabs.groups.some((group) => group.tabs.length > 0);
}
