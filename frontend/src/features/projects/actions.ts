/** Actions on the account's projects. */
import { create } from "zustand";
import { files as filesApi, projects as api } from "@/api/client";
import type { Id, Project, Runtime } from "@/api/types";
import { download } from "@/lib/download";
import { deferred } from "@/shell/toasts/deferred";
import { fail } from "@/shell/toasts/store";
import { visit } from "@/shell/location";
import { putProject, useProjects } from "@/model/projects";
import { forgetProject } from "@/model/recentFiles";

interface DialogState {
  /** The "new project" dialog is open. */
  creating: boolean;
  /** The project whose name is being edited in the list. */
  renaming: Id | null;
}

export const useProjectDialogs = create<DialogState>(() => ({ creating: false, renaming: null }));

const set = useProjects.setState;
const get = useProjects.getState;
const deleting = new Set<Id>();

export async function loadProjects(): Promise<void> {
  if (get().status !== "ready") set({ status: "loading" });
  try {
    const projects = await api.list();
    set({ status: "ready", projects: projects.filter((project) => !deleting.has(project.id)) });
  } catch (error) {
    if (get().status !== "ready") set({ status: "failed" });
    fail("The projects can't be loaded", error);
  }
}

/** Creates a project and opens it; with a runtime it contains a runnable starter file. */
export async function createProject(name: string, runtime: Runtime | null): Promise<void> {
  const project = await api.create({ name, ...(runtime ? { language: runtime.name } : {}) });
  putProject(project);
  if (runtime) await filesApi.create(project.id, { path: runtime.starter, type: "file", content: runtime.starter_content });
  useProjectDialogs.setState({ creating: false });
  visit(project.id, runtime?.starter ?? null);
}

export async function renameProject(project: Project, name: string): Promise<void> {
  const swap = (next: Project) => set(({ projects }) => ({ projects: projects.map((item) => (item.id === next.id ? next : item)) }));
  if (!name.trim() || name === project.name) return;
  swap({ ...project, name });
  try {
    swap(await api.rename(project.id, name.trim()));
  } catch (error) {
    swap(project);
    fail("The project could not be renamed", error);
  }
}

export function removeProject(project: Project): void {
  const before = get().projects;
  const undo = () => {
    deleting.delete(project.id);
    const at = before.findIndex((item) => item.id === project.id);
    set(({ projects }) => ({ projects: projects.toSpliced(at, 0, project) }));
  };
  deleting.add(project.id);
  set({ projects: before.filter((item) => item.id !== project.id) });
  deferred(`Deleted ${project.name}`, undo, async (leaving) => {
    try {
      await api.remove(project.id, leaving);
      forgetProject(project.id);
    } catch (error) {
      undo();
      fail(`${project.name} could not be deleted`, error);
    }
  });
}

export async function downloadProject(project: Project): Promise<void> {
  try {
    download(await api.archive(project.id), `${project.name.replace(/[^\w.-]+/g, "-")}.tar.gz`);
  } catch (error) {
    fail(`${project.name} could not be downloaded`, error);
  }
}

/** The projects that match a search, last changed first. */
export function matching(projects: readonly Project[], query: string): Project[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = projects.filter((project) => {
    const text = `${project.name} ${project.description ?? ""} ${project.language ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return found.toSorted((a, b) => Date.parse(b.updated_at) - Date.parse(a.updated_at));
}
