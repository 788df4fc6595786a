"use client";
import { useMemo } from "react";
import { CircleAlert, CircleCheck, TriangleAlert } from "lucide-react";
import { useListedProblems, type ListedProblem } from "@/model/problems";
import { openPath } from "@/shell/tabs/open";
import { FileIcon } from "@/ui/FileIcon";
import { Empty } from "@/ui/Empty";
import { basename, parent } from "@/lib/path";

export function ErrorsView() {
  const listed = useListedProblems();
  const byPath = useMemo(() => {
    const groups = new Map<string, ListedProblem[]>();
    for (const problem of listed) groups.set(problem.path, [...(groups.get(problem.path) ?? []), problem]);
    return [...groups];
  }, [listed]);
  if (!listed.length)
    return (
      <Empty icon={CircleCheck} title="No problems">
        Errors in the output of runs and problems in open files appear here.
      </Empty>
    );
  return (
    <div tabIndex={0} role="group" aria-label="Problems" className="h-full overflow-y-auto border-t border-line px-1.5 py-1.5">
      {byPath.map(([path, problems]) => (
        <section key={path} className="pb-1.5" aria-label={path}>
          <h3 className="flex h-6 items-center gap-1.5 px-2 text-xs">
            <FileIcon path={path} size={13} />
            <span className="font-medium">{basename(path)}</span>
            <span className="truncate text-faint">{parent(path)}</span>
            <span className="tabular rounded-full bg-(--key) px-1.5 text-[10px] leading-4 text-muted">{problems.length}</span>
          </h3>
          <ul>
            {problems.map((problem, index) => (
              <ProblemRow key={index} problem={problem} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function ProblemRow({ problem }: { problem: ListedProblem }) {
  const error = problem.severity === "error";
  const Icon = error ? CircleAlert : TriangleAlert;
  return (
    <li>
      <button
        type="button"
        onClick={() => openPath(problem.path, { line: problem.line, column: problem.column })}
        className="flex min-h-6 w-full items-center gap-2 rounded-[5px] px-2 pl-5 text-left text-xs hover:bg-hover"
      >
        <Icon
          size={13}
          role="img"
          aria-label={error ? "Error" : "Warning"}
          className={error ? "shrink-0 text-bad" : "shrink-0 text-warn"}
        />
        <span className="min-w-0 truncate">{problem.message}</span>
        <span className="tabular ml-auto shrink-0 pl-3 text-faint">
          {problem.source} · {problem.line}:{problem.column}
        </span>
      </button>
    </li>
  );
}
