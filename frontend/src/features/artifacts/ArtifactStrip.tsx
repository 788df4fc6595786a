"use client";
import { useEffect } from "react";
import { Package } from "lucide-react";
import type { Id } from "@/api/types";
import { isOver, useJobs } from "@/model/jobs/store";
import { openTab } from "@/shell/tabs/open";
import { FileIcon } from "@/ui/FileIcon";
import { bytes } from "@/lib/format";
import { basename } from "@/lib/path";
import { loadArtifacts, useArtifacts } from "./store";
import { artifactTab } from "./tab";

/** The artifacts of the shown job, beside its output. */
export function ArtifactStrip({ jobId }: { jobId: Id }) {
  const artifacts = useArtifacts((state) => state.ofJob[jobId]);
  const over = useJobs((state) => isOver(state.jobs.get(jobId)?.state ?? "queued"));
  useEffect(() => {
    if (over) void loadArtifacts(jobId);
  }, [jobId, over]);
  if (!artifacts?.length) return null;
  return (
    <section aria-label="Artifacts" className="w-56 shrink-0 overflow-y-auto border-l border-line bg-app py-1.5 max-sm:w-36">
      <h3 className="flex items-center gap-1.5 px-3 pb-1 text-2xs font-semibold text-muted">
        <Package size={13} aria-hidden />
        Artifacts
      </h3>
      <ul className="px-1.5">
        {artifacts.map(({ path, size }) => (
          <li key={path}>
            <button
              type="button"
              data-tip={path}
              onClick={() => openTab(artifactTab(jobId, path))}
              className="flex h-6.5 w-full items-center gap-2 rounded-[5px] px-2 text-left text-xs hover:bg-hover"
            >
              <FileIcon path={path} size={13} />
              <span className="min-w-0 flex-1 truncate">{basename(path)}</span>
              <span className="tabular text-2xs text-faint">{bytes(size)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
