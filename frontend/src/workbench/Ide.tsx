"use client";
import { useEffect } from "react";
import { EditorArea } from "@/features/editor/EditorArea";
import { Configurations } from "@/features/run/Configurations";
import { IndexDialog } from "@/features/search/IndexDialog";
import { ProjectDrop } from "@/features/upload/ProjectDrop";
import { cx } from "@/lib/cx";
import type { Id } from "@/api/types";
import { Splitter } from "@/ui/Splitter";
import { BottomPanel } from "./BottomPanel";
import { Header } from "./Header";
import { enterProject } from "./project";
import { SideBar } from "./SideBar";
import { StatusBar } from "./StatusBar";
import { BOTTOM, paneDefaults, SIDEBAR, useLayout } from "@/shell/panes";

/** The studio with an open project. The right column is reserved for the AI panel. */
export function Ide({ projectId }: { projectId: Id }) {
  useEffect(() => enterProject(projectId), [projectId]);

  const { sidebar, sidebarWidth, narrow } = useLayout();
  const columns = `${sidebar && !narrow ? sidebarWidth : 0}px minmax(0, 1fr) 0px`;
  return (
    <ProjectDrop projectId={projectId}>
      <div className="grid h-dvh overflow-hidden" style={{ gridTemplateColumns: columns, gridTemplateRows: "44px minmax(0, 1fr) 26px" }}>
        <Header />
        <Sidebar />
        <Center />
        <StatusBar />
      </div>
      <Configurations />
      <IndexDialog />
    </ProjectDrop>
  );
}

function Sidebar() {
  const { sidebar, sidebarWidth, narrow, set } = useLayout();
  return (
    <aside
      aria-label="Side bar"
      hidden={!sidebar}
      className={cx(
        "min-w-0 border-r border-line bg-app",
        narrow ? "appear fixed top-[44px] bottom-[26px] left-0 z-30 w-[min(300px,84vw)] shadow-pop" : "relative col-start-1 row-start-2",
      )}
    >
      <SideBar />
      {!narrow && (
        <Splitter
          label="Side bar width"
          orientation="vertical"
          value={sidebarWidth}
          min={SIDEBAR.min}
          max={SIDEBAR.max}
          onChange={(width) => set({ sidebarWidth: width })}
          onReset={() => set({ sidebarWidth: paneDefaults.sidebarWidth })}
        />
      )}
    </aside>
  );
}

function Center() {
  const { bottom, bottomHeight, sidebar, narrow, set } = useLayout();
  const max = Math.max(BOTTOM.min, Math.min(BOTTOM.max, window.innerHeight - 180));
  const height = narrow ? Math.round(window.innerHeight * 0.5) : Math.min(bottomHeight, max);
  return (
    <main className="relative col-start-2 row-start-2 flex min-w-0 flex-col bg-surface">
      <div className="min-h-0 flex-1">
        <EditorArea />
      </div>
      {bottom && (
        <section aria-label="Panel" className="relative shrink-0 border-t border-line" style={{ height }}>
          {!narrow && (
            <Splitter
              label="Panel height"
              orientation="horizontal"
              inverted
              value={height}
              min={BOTTOM.min}
              max={max}
              onChange={(next) => set({ bottomHeight: next })}
              onReset={() => set({ bottomHeight: paneDefaults.bottomHeight })}
            />
          )}
          <BottomPanel />
        </section>
      )}
      {narrow && sidebar && (
        <div className="fixed inset-0 top-[44px] z-20 bg-(--backdrop)" onClick={() => set({ sidebar: false })} aria-hidden />
      )}
    </main>
  );
}
