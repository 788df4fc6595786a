/** Problems of the project: from the editor's own checks and from the output of the last run. */
import { useMemo } from "react";
import { create } from "zustand";
import type { Id } from "@/api/types";
import { projectPath, useFiles } from "@/model/files/store";

/** A problem in an open file. */
export interface Problem {
  fileId: Id;
  path: string;
  line: number;
  column: number;
  severity: "error" | "warning";
  message: string;
  source: string;
}

/** A problem in a program's output. Its path is the program's, which is not always the project's. */
export interface RunError {
  path: string;
  line: number;
  column?: number;
  severity: "error" | "warning";
  message: string;
}

export type ListedProblem = Omit<Problem, "fileId">;

interface ProblemsState {
  problems: Problem[];
  /** From the output of the job in the console. */
  fromRun: RunError[];
}

export const noProblems: ProblemsState = { problems: [], fromRun: [] };

export const useProblems = create<ProblemsState>(() => noProblems);

export function useListedProblems(): ListedProblem[] {
  const { problems, fromRun } = useProblems();
  const tree = useFiles((state) => state.tree);
  return useMemo(() => {
    const listed = fromRun.map((error) => ({
      ...error,
      path: tree.size ? (projectPath(error.path) ?? error.path) : error.path,
      column: error.column ?? 1,
      source: "last run",
    }));
    return [...listed, ...problems];
  }, [problems, fromRun, tree]);
}

export function useErrorCount(): number {
  return useListedProblems().filter((problem) => problem.severity === "error").length;
}

export interface PathProblems {
  count: number;
  error: boolean;
}

/** How many problems each path has: one map for all rows of the tree. */
export function useProblemPaths(): ReadonlyMap<string, PathProblems> {
  const { problems, fromRun } = useProblems();
  return useMemo(
    () =>
      countByPath(
        problems,
        fromRun.map((error) => ({ ...error, path: projectPath(error.path) ?? error.path })),
      ),
    [problems, fromRun],
  );
}

function countByPath(...lists: { path: string; severity: string }[][]): Map<string, PathProblems> {
  const map = new Map<string, PathProblems>();
  for (const { path, severity } of lists.flat()) {
    const known = map.get(path);
    map.set(path, { count: (known?.count ?? 0) + 1, error: known?.error || severity === "error" });
  }
  return map;
}
