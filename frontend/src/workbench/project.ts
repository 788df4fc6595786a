/**
 * Opening and leaving a project. Messages of the session socket go to `model/` first and then to the project scopes of the
 * features; files, tabs, jobs and the live connection come and go together.
 */
import { projects as projectsApi } from "@/api/client";
import { ApiError, OfflineError } from "@/api/problem";
import type { Id, ServerMessage } from "@/api/types";
import { applyFileMessage, leaveFiles, loadFiles, useFiles } from "@/model/files/store";
import { leaveIndexStatus, loadIndexStatus, noteFileChange } from "@/model/indexStatus";
import { leaveJobs, loadJobs, putJob, putJobs, useJobs } from "@/model/jobs/store";
import { connect } from "@/model/live/session";
import { useLive } from "@/model/live/store";
import { putProject } from "@/model/projects";
import { projectScopes, type MessageContext } from "@/shell/contributions";
import { visit } from "@/shell/location";
import { fail, toast } from "@/shell/toasts/store";

/** How often the server is asked for changes while no socket can be opened. */
const POLL_MS = 15_000;
/** A bulk change comes as several messages; the list is read once for all of them. */
const BULK_MS = 120;

/** A project that is open in this tab. */
interface OpenProject {
  id: Id;
  /** The scopes have been entered: the files were listed once. */
  entered: boolean;
  left: boolean;
  reloading?: ReturnType<typeof setTimeout>;
}

/** Opens a project; returns how to leave it. */
export function enterProject(projectId: Id): () => void {
  const project: OpenProject = { id: projectId, entered: false, left: false };
  const disconnect = connect(projectId, {
    welcome: (snapshot, first) => void resume(project, snapshot && !first),
    message: (message, own) => receive(project, message, own),
  });
  void load(project);
  const online = () => void reconnectScopes(project);
  window.addEventListener("online", online);
  const polling = setInterval(() => void poll(project), POLL_MS);
  return () => {
    project.left = true;
    clearTimeout(project.reloading);
    clearInterval(polling);
    window.removeEventListener("online", online);
    disconnect();
    for (const scope of projectScopes()) scope.leave?.();
    leaveFiles();
    leaveJobs();
    leaveIndexStatus();
  };
}

async function load(project: OpenProject): Promise<void> {
  try {
    const [found] = await Promise.all([projectsApi.get(project.id), loadFiles(project.id)]);
    if (project.left) return;
    putProject(found);
    await Promise.all([enterScopes(project), loadJobs(project.id), loadIndexStatus(project.id)]);
    await reconnectScopes(project);
  } catch (error) {
    if (project.left) return;
    if (error instanceof ApiError && error.status === 404) {
      toast("This project does not exist any more", { tone: "error" });
      visit(null);
    } else if (!(error instanceof OfflineError)) fail("The project could not be opened", error);
  }
}

async function enterScopes(project: OpenProject): Promise<void> {
  project.entered = true;
  await Promise.all(projectScopes().map((scope) => scope.enter?.(project.id)));
}

async function reconnectScopes(project: OpenProject): Promise<void> {
  if (project.entered && !project.left) await Promise.all(projectScopes().map((scope) => scope.reconnect?.(project.id)));
}

/** The connection is up again, or for the first time, which may be after a failed load. */
async function resume(project: OpenProject, missedMessages: boolean): Promise<void> {
  try {
    if (missedMessages || useFiles.getState().status === "failed") await reload(project);
    await reconnectScopes(project);
  } catch (error) {
    if (!(error instanceof OfflineError)) fail("The files can't be loaded", error);
  }
}

async function reload(project: OpenProject): Promise<void> {
  await loadFiles(project.id);
  if (project.left) return;
  if (!project.entered) await enterScopes(project);
  else for (const scope of projectScopes()) scope.reload?.(project.id);
}

function reloadSoon(project: OpenProject): void {
  clearTimeout(project.reloading);
  project.reloading = setTimeout(() => void reload(project).catch((error) => fail("The files can't be loaded", error)), BULK_MS);
}

/** Where no socket can be opened, changes are asked for while someone looks. */
async function poll(project: OpenProject): Promise<void> {
  if (useLive.getState().link !== "blocked" || document.visibilityState !== "visible") return;
  try {
    await Promise.all([reload(project), loadJobs(project.id)]);
  } catch {
    // The next poll tries again.
  }
}

function receive(project: OpenProject, message: ServerMessage, own: boolean): void {
  const context = { own, removed: [], ...applyToModels(project, message, own) };
  for (const scope of projectScopes()) scope.onMessage?.(message, context);
}

/** Applies a message to the models; returns what the scopes can no longer see afterwards. */
function applyToModels(project: OpenProject, message: ServerMessage, own: boolean): Partial<MessageContext> {
  switch (message.type) {
    case "welcome":
      putJobs(message.jobs.filter((job) => job.project_id === project.id));
      return {};
    case "job": {
      const previousJob = useJobs.getState().jobs.get(message.job.id);
      putJob(message.job);
      if (message.job.kind === "index") void loadIndexStatus(project.id);
      return { previousJob };
    }
    case "file":
      noteFileChange(project.id);
      if (message.change !== "bulk") return { removed: applyFileMessage(message, own) };
      reloadSoon(project);
      return {};
    default:
      return {};
  }
}
