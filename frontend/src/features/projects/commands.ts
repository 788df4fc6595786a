import { Download, LayoutGrid, Pencil, Plus, Trash2 } from "lucide-react";
import type { Project } from "@/api/types";
import { projectOf } from "@/model/projects";
import type { Command } from "@/shell/commands";
import { inProject, signedIn } from "@/shell/context";
import { usePlace, visit } from "@/shell/location";
import { downloadProject, removeProject, useProjectDialogs } from "./actions";

const currentProject = () => projectOf(usePlace.getState().project);

/** Runs an action on the current project in the list of projects. */
function onProject(work: (project: Project) => void): void {
  const project = currentProject();
  if (!project) return;
  visit(null);
  work(project);
}

function downloadCurrent(): void {
  const project = currentProject();
  if (project) void downloadProject(project);
}

export const commands: Command[] = [
  { id: "project.new", label: "New project", icon: Plus, when: signedIn, run: () => useProjectDialogs.setState({ creating: true }) },
  { id: "project.all", label: "All projects", icon: LayoutGrid, when: inProject, run: () => visit(null) },
  {
    id: "project.rename",
    label: "Rename project",
    icon: Pencil,
    when: inProject,
    run: () => onProject(({ id }) => useProjectDialogs.setState({ renaming: id })),
  },
  { id: "project.delete", label: "Delete project", icon: Trash2, when: inProject, run: () => onProject(removeProject) },
  { id: "project.download", label: "Download project", icon: Download, when: inProject, run: downloadCurrent },
].map((item) => ({ ...item, category: "Project" }));
