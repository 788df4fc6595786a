import { useEffect, useRef, useState } from "react";
import { Download, Ellipsis, Pencil, Trash2 } from "lucide-react";
import type { Project } from "@/api/types";
import { visit } from "@/shell/location";
import { IconButton } from "@/ui/Button";
import { below, Menu, type MenuPlace } from "@/ui/Menu";
import { ago } from "@/lib/format";
import { LanguageMark } from "./LanguageMark";
import { downloadProject, removeProject, renameProject, useProjectDialogs } from "./actions";

export function ProjectRow({ project }: { project: Project }) {
  const [menu, setMenu] = useState<MenuPlace | null>(null);
  const renaming = useProjectDialogs((state) => state.renaming === project.id);
  return (
    <li
      className="group flex h-13 items-center gap-3 rounded-lg pr-2 pl-3 hover:bg-hover"
      onContextMenu={(event) => {
        event.preventDefault();
        setMenu({ x: event.clientX, y: event.clientY });
      }}
    >
      <LanguageMark language={project.language} />
      {renaming ? (
        <NameField project={project} onDone={() => useProjectDialogs.setState({ renaming: null })} />
      ) : (
        <a
          href={`?project=${project.id}`}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            visit(project.id);
          }}
          className="flex h-full min-w-0 flex-1 items-center gap-3 rounded-lg"
        >
          <span className="truncate font-medium">{project.name}</span>
          {project.description && <span className="min-w-0 truncate text-xs text-muted max-sm:hidden">{project.description}</span>}
        </a>
      )}
      <time dateTime={project.updated_at} className="tabular shrink-0 text-xs text-faint">
        {ago(project.updated_at)}
      </time>
      <IconButton
        label={`Actions for ${project.name}`}
        icon={Ellipsis}
        aria-haspopup="menu"
        aria-expanded={menu !== null}
        onClick={(event) => setMenu(below(event.currentTarget, true))}
      />
      {menu && (
        <Menu
          label={`Actions for ${project.name}`}
          place={menu}
          onClose={() => setMenu(null)}
          entries={[
            { id: "rename", label: "Rename", icon: Pencil, run: () => useProjectDialogs.setState({ renaming: project.id }) },
            { id: "download", label: "Download as tar.gz", icon: Download, run: () => void downloadProject(project) },
            null,
            { id: "delete", label: "Delete", icon: Trash2, danger: true, run: () => removeProject(project) },
          ]}
        />
      )}
    </li>
  );
}

function NameField({ project, onDone }: { project: Project; onDone(): void }) {
  const input = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  useEffect(() => input.current?.select(), []);
  const finish = (commit: boolean) => {
    if (done.current) return;
    done.current = true;
    if (commit) void renameProject(project, input.current!.value);
    onDone();
  };
  return (
    <input
      ref={input}
      autoFocus
      aria-label="Project name"
      defaultValue={project.name}
      onBlur={() => finish(true)}
      onKeyDown={(event) => {
        if (event.key === "Enter") finish(true);
        if (event.key === "Escape") finish(false);
      }}
      className="field -ml-2.5 flex-1 font-medium"
    />
  );
}
