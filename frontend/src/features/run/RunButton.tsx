"use client";
import { useState } from "react";
import { ChevronDown, Pencil, Play, Square } from "lucide-react";
import { execute } from "@/shell/commands";
import { useActiveFileId } from "@/shell/tabs/store";
import { entryOf, useFiles } from "@/model/files/store";
import { shownIsRunning, useJobs } from "@/model/jobs/store";
import { below, Menu, type MenuEntry, type MenuPlace } from "@/ui/Menu";
import { cx } from "@/lib/cx";
import { choose, stop } from "./actions";
import { useRun } from "./store";

/** Runs the chosen target, or stops it while it runs. The arrow opens the list of targets. */
export function RunButton() {
  const [place, setPlace] = useState<MenuPlace | null>(null);
  const { starting, chosen, configurations } = useRun();
  const running = useJobs(shownIsRunning);
  useFiles((state) => state.version);
  const fileId = useActiveFileId();
  const target = configurations.find((item) => item.name === chosen)?.name ?? (fileId ? entryOf(fileId)?.name : undefined);
  const Icon = running ? Square : Play;
  const label = running ? "Stop" : target ? `Run ${target}` : "Run";

  return (
    <div className={cx("flex h-7.5 shrink-0 overflow-hidden rounded-[7px] font-medium text-white", running ? "bg-[#b91c1c]" : "bg-accent")}>
      <button
        type="button"
        aria-label={label}
        data-tip={label}
        data-keys={running ? "Shift+F5" : "F5"}
        disabled={starting}
        onClick={() => (running ? void stop() : execute("run.start"))}
        className="flex items-center gap-1.5 pr-2 pl-2.5 hover:bg-black/15 disabled:opacity-60"
      >
        <Icon size={13} fill="currentColor" aria-hidden />
        <span className="max-w-36 truncate max-sm:hidden">{running ? "Stop" : "Run"}</span>
      </button>
      <button
        type="button"
        aria-label="Choose what to run"
        aria-haspopup="menu"
        aria-expanded={place !== null}
        onClick={(event) => setPlace(below(event.currentTarget, true))}
        className="flex w-6.5 items-center justify-center border-l border-white/20 hover:bg-black/15"
      >
        <ChevronDown size={14} aria-hidden />
      </button>
      {place && <Menu label="Run configurations" place={place} entries={entries(chosen)} onClose={() => setPlace(null)} />}
    </div>
  );
}

function entries(chosen: string | null): MenuEntry[] {
  const { configurations } = useRun.getState();
  const known = configurations.some((item) => item.name === chosen);
  return [
    { id: "file", label: "Active file", checked: !known, run: () => choose(null) },
    ...configurations.map((item) => ({
      id: item.name,
      label: item.name,
      detail: item.command ?? item.entry,
      checked: item.name === chosen,
      run: () => choose(item.name),
    })),
    null,
    { id: "edit", label: "Edit configurations…", icon: Pencil, run: () => useRun.setState({ editingConfigurations: true }) },
  ];
}
