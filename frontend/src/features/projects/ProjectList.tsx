"use client";
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { FolderOpen, Plus, RefreshCw, Search, Settings, TriangleAlert } from "lucide-react";
import { execute } from "@/shell/commands";
import { FileIcon } from "@/ui/FileIcon";
import { visit } from "@/shell/location";
import { Button, IconButton } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { Logo } from "@/ui/Logo";
import { ago } from "@/lib/format";
import { basename } from "@/lib/path";
import { ProjectRow } from "./ProjectRow";
import { recents } from "@/model/recentFiles";
import { useProjects } from "@/model/projects";
import { loadProjects, matching } from "./actions";

interface ProjectListProps {
  /** The button that creates a project from files. */
  upload: ReactNode;
  /** The account's menu. */
  account: ReactNode;
}

/** The start page: projects, recent files, and ways to create a project. */
export function ProjectList({ upload, account }: ProjectListProps) {
  return (
    <div className="flex h-dvh flex-col">
      <header className="flex h-11 shrink-0 items-center gap-2.5 border-b border-line pr-2.5 pl-3">
        <Logo />
        <p className="flex-1 font-semibold tracking-tight">
          Engunity <span className="font-normal text-muted">Code Lab</span>
        </p>
        <IconButton label="Settings" icon={Settings} keys="Mod+," onClick={() => execute("settings.open")} />
        {account}
      </header>
      <main className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto max-w-[860px] px-5 pt-10 pb-16 max-sm:pt-6">
          <Projects upload={upload} />
        </div>
      </main>
    </div>
  );
}

function Projects({ upload }: { upload: ReactNode }) {
  const { status, projects } = useProjects();
  const [query, setQuery] = useState("");
  // The list may be out of date after a visit to a project.
  useEffect(() => {
    if (useProjects.getState().status === "ready") void loadProjects();
  }, []);
  const found = useMemo(() => matching(projects, query), [projects, query]);
  return (
    <>
      <div className="mb-5 flex flex-wrap items-center gap-2.5">
        <h1 className="mr-auto max-sm:w-full text-[22px] font-semibold tracking-tight">Projects</h1>
        {projects.length > 0 && <SearchField value={query} onChange={setQuery} />}
        {upload}
        <Button tone="primary" icon={Plus} onClick={() => execute("project.new")}>
          New project
        </Button>
      </div>
      {status === "loading" && <Skeleton />}
      {status === "failed" && <Failed />}
      {status === "ready" && projects.length === 0 && <FirstSteps />}
      {found.length > 0 && (
        <ul aria-label="Projects" className="rounded-xl border border-line bg-surface p-1">
          {found.map((project) => (
            <ProjectRow key={project.id} project={project} />
          ))}
        </ul>
      )}
      {projects.length > 0 && !found.length && (
        <p role="status" className="py-10 text-center text-muted">
          No project matches “{query}”
        </p>
      )}
      {!query && <RecentFiles />}
    </>
  );
}

function SearchField({ value, onChange }: { value: string; onChange(value: string): void }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      if (event.key !== "/" || /^(INPUT|TEXTAREA|SELECT)$/.test((event.target as Element).tagName)) return;
      event.preventDefault();
      input.current?.focus();
    };
    window.addEventListener("keydown", focus);
    return () => window.removeEventListener("keydown", focus);
  }, []);
  return (
    <div className="relative max-sm:order-last max-sm:w-full">
      <Search size={14} className="pointer-events-none absolute top-2.25 left-2.5 text-faint" aria-hidden />
      <input
        ref={input}
        type="search"
        aria-label="Search projects"
        placeholder="Search"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="field w-52 pl-8 max-sm:w-full"
      />
    </div>
  );
}

function FirstSteps() {
  return (
    <div className="rounded-xl border border-dashed border-line-strong py-14">
      <Empty icon={FolderOpen} title="Create your first project">
        <p>Start from a template, or drop a folder or an archive anywhere on this page.</p>
        <Button tone="primary" icon={Plus} className="mt-4" onClick={() => execute("project.new")}>
          New project
        </Button>
      </Empty>
    </div>
  );
}

function Failed() {
  return (
    <Empty icon={TriangleAlert} title="The projects can't be loaded">
      <Button small icon={RefreshCw} className="mt-2" onClick={() => void loadProjects()}>
        Try again
      </Button>
    </Empty>
  );
}

function Skeleton() {
  return (
    <div role="status" aria-label="Loading projects" aria-busy="true" className="space-y-px rounded-xl border border-line bg-surface p-1">
      {[46, 34, 52].map((width) => (
        <div key={width} className="flex h-14 items-center px-4">
          <div className="h-3.5 animate-pulse rounded bg-line" style={{ width: `${width}%` }} />
        </div>
      ))}
    </div>
  );
}

function RecentFiles() {
  const projects = useProjects((state) => state.projects);
  const names = new Map(projects.map((project) => [project.id, project.name]));
  const list = recents()
    .filter((recent) => names.has(recent.project))
    .slice(0, 8);
  if (!list.length) return null;
  return (
    <section className="mt-9" aria-labelledby="recent">
      <h2 id="recent" className="mb-2 text-xs font-semibold text-muted">
        Recent files
      </h2>
      <ul className="grid grid-cols-2 gap-x-4 max-sm:grid-cols-1">
        {list.map(({ project, path, at }) => (
          <li key={`${project}:${path}`}>
            <button
              type="button"
              onClick={() => visit(project, path)}
              className="-mx-2 flex h-8 w-[calc(100%+16px)] items-center gap-2 rounded-[7px] px-2 text-left hover:bg-hover"
            >
              <FileIcon path={path} />
              <span className="truncate">{basename(path)}</span>
              <span className="min-w-0 flex-1 truncate text-xs text-faint">{names.get(project)}</span>
              <span className="tabular text-2xs text-faint">{ago(new Date(at).toISOString())}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
