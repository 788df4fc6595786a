"use client";
import { X } from "lucide-react";
import { cx } from "@/lib/cx";
import { panels, type Panel } from "@/shell/contributions";
import { useLayout } from "@/shell/panes";
import { IconButton } from "@/ui/Button";
import { onTabListKey } from "@/ui/choiceKeys";

export function BottomPanel() {
  const wanted = useLayout((state) => state.bottomTab);
  const set = useLayout((state) => state.set);
  const all = panels();
  // A remembered panel may not exist any more.
  const shown = all.find(({ id }) => id === wanted) ?? all[0];
  if (!shown) return null;

  return (
    <div className="flex h-full flex-col bg-surface">
      <div className="flex h-8.5 shrink-0 items-center justify-between pr-1.5 pl-2">
        <div role="tablist" aria-label="Panel" className="flex h-full" onKeyDown={onTabListKey}>
          {all.map((panel) => (
            <PanelTab key={panel.id} panel={panel} shown={panel === shown} onShow={() => set({ bottomTab: panel.id })} />
          ))}
        </div>
        <IconButton label="Close panel" icon={X} keys="Mod+J" onClick={() => set({ bottom: false })} />
      </div>
      <div id={`panel-${shown.id}`} role="tabpanel" aria-labelledby={`tab-${shown.id}`} className="min-h-0 flex-1">
        <shown.View />
      </div>
    </div>
  );
}

const useNoBadge = () => 0;

interface PanelTabProps {
  panel: Panel;
  shown: boolean;
  onShow(): void;
}

function PanelTab({ panel: { id, label, useBadge = useNoBadge }, shown, onShow }: PanelTabProps) {
  const badge = useBadge();
  return (
    <button
      id={`tab-${id}`}
      type="button"
      role="tab"
      aria-selected={shown}
      aria-controls={`panel-${id}`}
      tabIndex={shown ? 0 : -1}
      onClick={onShow}
      className={cx(
        "relative flex h-full items-center gap-1.5 px-2.5 text-xs font-medium",
        shown
          ? "text-text after:absolute after:inset-x-2.5 after:bottom-0 after:h-[2px] after:rounded-full after:bg-(--focus)"
          : "text-muted hover:text-text",
      )}
    >
      {label}
      {badge > 0 && <span className="tabular rounded-full bg-(--key) px-1.5 text-[10px] leading-4 text-muted">{badge}</span>}
    </button>
  );
}
