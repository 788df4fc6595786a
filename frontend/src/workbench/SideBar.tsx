"use client";
import { cx } from "@/lib/cx";
import { sideViews, type SideView } from "@/shell/contributions";
import { useLayout } from "@/shell/panes";
import { onTabListKey } from "@/ui/choiceKeys";

/** The side bar: its views as icons, and the one that is shown. */
export function SideBar() {
  const wanted = useLayout((state) => state.sideView);
  const showSide = useLayout((state) => state.showSide);
  const all = sideViews();
  // A remembered view may not exist any more.
  const shown = all.find(({ id }) => id === wanted) ?? all[0];
  if (!shown) return null;

  return (
    <div className="flex h-full flex-col">
      <div role="tablist" aria-label="Side bar" onKeyDown={onTabListKey} className="flex h-9.5 shrink-0 gap-0.5 border-b border-line px-2">
        {all.map((view) => (
          <SideTab key={view.id} view={view} shown={view === shown} onShow={() => showSide(view.id)} />
        ))}
      </div>
      <div id={`side-${shown.id}`} role="tabpanel" aria-labelledby={`side-tab-${shown.id}`} className="min-h-0 flex-1">
        <shown.View />
      </div>
    </div>
  );
}

interface SideTabProps {
  view: SideView;
  shown: boolean;
  onShow(): void;
}

function SideTab({ view: { id, label, icon: Icon, keys }, shown, onShow }: SideTabProps) {
  return (
    <button
      id={`side-tab-${id}`}
      type="button"
      role="tab"
      aria-label={label}
      aria-selected={shown}
      aria-controls={`side-${id}`}
      data-tip={label}
      data-keys={keys}
      tabIndex={shown ? 0 : -1}
      onClick={onShow}
      className={cx(
        "relative flex h-full w-9 items-center justify-center",
        shown
          ? "text-text after:absolute after:inset-x-2 after:bottom-0 after:h-[2px] after:rounded-full after:bg-(--focus)"
          : "text-muted hover:text-text",
      )}
    >
      <Icon size={16} aria-hidden />
    </button>
  );
}
