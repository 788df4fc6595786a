/** The account's projects and the runtimes of the fleet, as the views show them. */
import { create } from "zustand";
import { runtimes as runtimesApi } from "@/api/client";
import type { Id, Project, Runtime } from "@/api/types";

interface ProjectsState {
  status: "idle" | "loading" | "ready" | "failed";
  projects: Project[];
  runtimes: Runtime[];
}

export const useProjects = create<ProjectsState>(() => ({ status: "idle", projects: [], runtimes: [] }));

export function projectOf(id: Id | null): Project | undefined {
  return useProjects.getState().projects.find((project) => project.id === id);
}

export function putProject(project: Project): void {
  useProjects.setState(({ projects }) => ({ projects: [project, ...projects.filter((item) => item.id !== project.id)] }));
}

export async function loadRuntimes(): Promise<void> {
  if (useProjects.getState().runtimes.length) return;
  try {
    useProjects.setState({ runtimes: await runtimesApi.list() });
  } catch {
    // Without the list there are no templates; everything else works.
  }
}
