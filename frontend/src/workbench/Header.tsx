"use client";
import { useState } from "react";
import { ChevronDown, FilePlus2, LayoutGrid, PanelBottom, PanelLeft, Search, Settings } from "lucide-react";
import { execute, menuItem } from "@/shell/commands";
import { others, useLive } from "@/model/live/store";
import { useProjects } from "@/model/projects";
import { RunButton } from "@/features/run/RunButton";
import { Avatar } from "@/ui/Avatar";
import { IconButton } from "@/ui/Button";
import { Kbd } from "@/ui/Kbd";
import { Logo } from "@/ui/Logo";
import { below, Menu, type MenuPlace } from "@/ui/Menu";
import { usePlace, visit } from "@/shell/location";
import { UserMenu } from "./UserMenu";

export function Header() {
  return (
    <header className="col-span-3 flex items-center gap-2 border-b border-line bg-app pr-2.5 pl-3">
      <button type="button" aria-label="All projects" data-tip="All projects" className="-m-1 rounded-lg p-1" onClick={() => visit(null)}>
        <Logo />
      </button>
      <ProjectSwitch />
      <IconButton label="New file" icon={FilePlus2} keys="Alt+N" className="max-sm:hidden" onClick={() => execute("file.new")} />
      <Finder />
      <People />
      <div className="hidden items-center sm:flex">
        <IconButton label="Toggle panel" icon={PanelBottom} keys="Mod+J" onClick={() => execute("view.panel")} />
        <IconButton label="Settings" icon={Settings} keys="Mod+," onClick={() => execute("settings.open")} />
      </div>
      <RunButton />
      <UserMenu />
    </header>
  );
}

function ProjectSwitch() {
  const [place, setPlace] = useState<MenuPlace | null>(null);
  const projects = useProjects((state) => state.projects);
  const current = usePlace((state) => state.project);
  const name = projects.find((project) => project.id === current)?.name ?? "…";
  return (
    <>
      <IconButton label="Toggle side bar" icon={PanelLeft} keys="Mod+B" onClick={() => execute("view.sidebar")} />
      <button
        type="button"
        aria-haspopup="menu"
        aria-expanded={place !== null}
        onClick={(event) => setPlace(below(event.currentTarget))}
        className="flex h-7.5 min-w-0 items-center gap-1 rounded-[7px] px-2 font-semibold tracking-tight hover:bg-hover"
      >
        <span className="max-w-48 truncate max-sm:max-w-20">{name}</span>
        <ChevronDown size={14} className="shrink-0 text-faint" aria-hidden />
      </button>
      {place && (
        <Menu
          label="Projects"
          place={place}
          onClose={() => setPlace(null)}
          entries={[
            ...projects.slice(0, 12).map((project) => ({
              id: project.id,
              label: project.name,
              detail: project.language ?? undefined,
              checked: project.id === current,
              run: () => visit(project.id),
            })),
            null,
            { id: "all", label: "All projects", icon: LayoutGrid, run: () => visit(null) },
            menuItem("project.new"),
          ]}
        />
      )}
    </>
  );
}

function Finder() {
  return (
    <div className="flex min-w-0 flex-1 justify-center px-1">
      <button
        type="button"
        aria-label="Search files"
        aria-keyshortcuts="Control+P"
        onClick={() => execute("palette.files")}
        className="flex h-7.5 w-full max-w-[440px] min-w-0 items-center gap-2 rounded-[7px] border border-line bg-surface px-2.5 text-left text-muted transition-colors hover:border-line-strong hover:text-text max-sm:w-8 max-sm:justify-center max-sm:px-0"
      >
        <Search size={14} className="shrink-0" aria-hidden />
        <span className="flex-1 truncate max-sm:hidden">Search files and commands</span>
        <span className="max-md:hidden">
          <Kbd keys="Mod+P" />
        </span>
      </button>
    </div>
  );
}

const SHOWN = 4;

function People() {
  const presence = useLive((state) => state.presence);
  const connId = useLive((state) => state.connId);
  const people = others({ ...useLive.getState(), presence, connId });
  if (!people.length) return null;
  return (
    <div className="flex -space-x-1.5 max-md:hidden" aria-label="Also here" role="group">
      {people.slice(0, SHOWN).map((person) => (
        <Avatar key={person.conn_id} name={person.name} id={person.conn_id} />
      ))}
      {people.length > SHOWN && <span className="pl-2.5 text-xs text-muted">+{people.length - SHOWN}</span>}
    </div>
  );
}
