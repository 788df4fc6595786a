"use client";
import { CircleAlert, TriangleAlert } from "lucide-react";
import { count } from "@/lib/format";
import { useProblems } from "@/model/problems";
import { execute } from "@/shell/commands";
import { StatusButton } from "@/ui/StatusItem";

/** How many errors and warnings there are. */
export function ProblemsStatus() {
  const { problems, fromRun } = useProblems();
  const all = [...problems, ...fromRun];
  const errors = all.filter((problem) => problem.severity === "error").length;
  const warnings = all.length - errors;
  return (
    <StatusButton aria-label={`${count(errors, "error")}, ${count(warnings, "warning")}`} onClick={() => execute("view.errors")}>
      <CircleAlert size={12} className={errors ? "text-bad" : undefined} aria-hidden />
      {errors}
      <TriangleAlert size={12} className={warnings ? "text-warn" : undefined} aria-hidden />
      {warnings}
    </StatusButton>
  );
}
