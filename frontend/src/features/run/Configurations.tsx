"use client";
import { useState, type FormEvent } from "react";
import { Plus, Trash2 } from "lucide-react";
import { files as api } from "@/api/client";
import { messageOf } from "@/api/problem";
import { documentOf } from "@/model/documents/documents";
import { putEntry, useFiles } from "@/model/files/store";
import { projectOf, useProjects } from "@/model/projects";
import { Button, IconButton } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { choose } from "./actions";
import { ConfigurationFields } from "./ConfigurationFields";
import { CONFIGURATIONS_PATH, writeConfigurations, type RunConfiguration } from "./configurations";
import { useRun } from "./store";
import { cx } from "@/lib/cx";

export function Configurations() {
  const open = useRun((state) => state.editingConfigurations);
  const close = () => useRun.setState({ editingConfigurations: false });
  if (!open) return null;
  return (
    <Dialog title="Run configurations" onClose={close} className="w-[min(720px,calc(100vw-24px))]">
      <Editor onDone={close} />
    </Dialog>
  );
}

function Editor({ onDone }: { onDone(): void }) {
  const [list, setList] = useState<RunConfiguration[]>(() => startList());
  const [at, setAt] = useState(0);
  const [error, setError] = useState<string | null>(null);
  const runtimes = useProjects((state) => state.runtimes);
  const current = list[at];

  const change = (next: RunConfiguration) => setList(list.with(at, next));
  const add = () => {
    setList([...list, { name: `Configuration ${list.length + 1}`, command: "" }]);
    setAt(list.length);
  };
  const remove = () => {
    setList(list.toSpliced(at, 1));
    setAt(Math.max(0, at - 1));
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const problem = problemOf(list);
    if (problem) return setError(problem);
    try {
      await save(list);
      useRun.setState({ configurations: list });
      if (current) choose(current.name);
      onDone();
    } catch (problem) {
      setError(messageOf(problem));
    }
  };

  return (
    <form onSubmit={submit}>
      <div className="flex h-[min(440px,56vh)] max-sm:flex-col">
        <div className="w-48 shrink-0 overflow-y-auto border-r border-line p-2 max-sm:w-full max-sm:border-r-0 max-sm:border-b">
          {list.map((item, index) => (
            <button
              key={index}
              type="button"
              aria-pressed={index === at}
              onClick={() => setAt(index)}
              className={cx(
                "flex h-7.5 w-full items-center rounded-[6px] px-2.5 text-left",
                index === at ? "bg-active font-medium" : "hover:bg-hover",
              )}
            >
              <span className="truncate">{item.name || "Unnamed"}</span>
            </button>
          ))}
          <div className="mt-1 flex">
            <IconButton label="Add a configuration" icon={Plus} onClick={add} />
            <IconButton label="Remove this configuration" icon={Trash2} disabled={!current} onClick={remove} />
          </div>
        </div>
        <div className="min-w-0 flex-1 overflow-y-auto p-4">
          {current ? (
            <ConfigurationFields key={at} value={current} runtimes={runtimes} onChange={change} />
          ) : (
            <p className="text-muted">No configurations. The Run button runs the active file.</p>
          )}
        </div>
      </div>
      <footer className="flex items-center gap-3 border-t border-line px-4 py-3">
        <p role={error ? "alert" : undefined} className={cx("min-w-0 flex-1 text-xs", error ? "text-bad" : "text-faint")}>
          {error ?? `Saved in the project as ${CONFIGURATIONS_PATH}`}
        </p>
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" tone="primary">
          Save
        </Button>
      </footer>
    </form>
  );
}

function startList(): RunConfiguration[] {
  const { configurations } = useRun.getState();
  if (configurations.length) return configurations;
  const { runtimes } = useProjects.getState();
  const language = projectOf(useFiles.getState().projectId)?.language;
  const test = runtimes.find((item) => item.name === language)?.test;
  return [{ name: test ? "Tests" : "Main", command: test ?? "", ...(language ? { runtime: language } : {}) }];
}

function problemOf(list: readonly RunConfiguration[]): string | null {
  const names = new Set<string>();
  for (const item of list) {
    if (!item.name.trim()) return "Every configuration needs a name";
    if (names.has(item.name)) return `There are two called “${item.name}”`;
    if (!item.command?.trim() && !item.entry?.trim()) return `“${item.name}” needs a command or an entry file`;
    names.add(item.name);
  }
  return null;
}

/** Saves the file like any other: an open editor follows, and a newer version on the server is not overwritten. */
async function save(list: readonly RunConfiguration[]): Promise<void> {
  const { tree, projectId } = useFiles.getState();
  const content = writeConfigurations(list);
  const entry = tree.at(CONFIGURATIONS_PATH);
  if (!entry) return putEntry(await api.create(projectId!, { path: CONFIGURATIONS_PATH, type: "file", content }));
  const saved = await api.save(entry.id, content, entry.etag);
  putEntry(saved);
  await documentOf(entry.id)?.sync.remote(saved.etag);
}
