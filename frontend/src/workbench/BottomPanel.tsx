"use client";
import type { KeyboardEvent } from "react";
import { X } from "lucide-react";
import { ErrorsView, useErrorCount } from "@/features/errors/ErrorsView";
import { Console } from "@/features/run/Console";
import { runningCount, useJobs, waitingCount } from "@/model/jobs/store";
import { TasksView } from "@/features/jobs/JobsView";
import { IconButton } from "@/ui/Button";
import { cx } from "@/lib/cx";
import { useLayout, type BottomTab } from "@/shell/panes";

const TABS: { id: BottomTab; label: string }[] = [
  { id: "console", label: "Console" },
  { id: "errors", label: "Errors" },
  { id: "tasks", label: "Tasks" },
];

export function BottomPanel() {
  const tab = useLayout((state) => state.bottomTab);
  const set = useLayout((state) => state.set);
  const errors = useErrorCount();
  const active = useJobs((state) => runningCount(state) + waitingCount(state));
  const badges: Record<BottomTab, number> = { console: 0, errors, tasks: active };

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!by) return;
    const at = TABS.findIndex((item) => item.id === tab);
    const next = TABS[(at + by + TABS.length) % TABS.length]!.id;
    set({ bottomTab: next });
    event.currentTarget.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };

  return (
    <div className="flex h-full flex-col bg-surface">
      <div className="flex h-8.5 shrink-0 items-center justify-between pr-1.5 pl-2">
        <div role="tablist" aria-label="Panel" className="flex h-full" onKeyDown={onKeyDown}>
          {TABS.map(({ id, label }) => (
            <button
              key={id}
              id={`tab-${id}`}
              type="button"
              role="tab"
              aria-selected={tab === id}
              aria-controls={`panel-${id}`}
              tabIndex={tab === id ? 0 : -1}
              onClick={() => set({ bottomTab: id })}
              className={cx(
                "relative flex h-full items-center gap-1.5 px-2.5 text-xs font-medium",
                tab === id ? "text-text after:absolute after:inset-x-2.5 after:bottom-0 after:h-[2px] after:rounded-full after:bg-(--focus)" : "text-muted hover:text-text",
              )}
            >
              {label}
              {badges[id] > 0 && (
                <span className="tabular rounded-full bg-(--key) px-1.5 text-[10px] leading-4 text-muted">{badges[id]}</span>
              )}
            </button>
          ))}
        </div>
        <IconButton label="Close panel" icon={X} keys="Mod+J" onClick={() => set({ bottom: false })} />
      </div>
      <div id={`panel-${tab}`} role="tabpanel" aria-labelledby={`tab-${tab}`} className="min-h-0 flex-1">
        {tab === "console" && <Console />}
        {tab === "errors" && <ErrorsView />}
        {tab === "tasks" && <TasksView />}
      </div>
    </div>
  );
}
