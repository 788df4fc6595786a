"use client";
import { useState, type FormEvent } from "react";
import { messageOf } from "@/api/problem";
import type { Runtime } from "@/api/types";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { onRadioKey } from "@/ui/choiceKeys";
import { cx } from "@/lib/cx";
import { LanguageMark } from "./LanguageMark";
import { useProjects } from "@/model/projects";
import { createProject, useProjectDialogs } from "./actions";

export function NewProject() {
  const creating = useProjectDialogs((state) => state.creating);
  const close = () => useProjectDialogs.setState({ creating: false });
  if (!creating) return null;
  return (
    <Dialog title="New project" onClose={close}>
      <Form onCancel={close} />
    </Dialog>
  );
}

function Form({ onCancel }: { onCancel(): void }) {
  const runtimes = useProjects((state) => state.runtimes);
  const [runtime, setRuntime] = useState<Runtime | null>(runtimes.find((item) => item.name === "python") ?? runtimes[0] ?? null);
  const [name, setName] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await createProject(name.trim() || suggestion(runtime), runtime);
    } catch (problem) {
      setError(messageOf(problem));
      setBusy(false);
    }
  };

  return (
    <form onSubmit={submit}>
      <div className="space-y-4 p-4">
        <div>
          <label htmlFor="project-name" className="mb-1.5 block text-xs font-medium text-muted">
            Name
          </label>
          <input
            id="project-name"
            autoFocus
            className="field h-9"
            placeholder={suggestion(runtime)}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </div>
        <fieldset>
          <legend className="mb-1.5 text-xs font-medium text-muted">Start with</legend>
          <div role="radiogroup" aria-label="Start with" onKeyDown={onRadioKey} className="grid grid-cols-2 gap-1.5 sm:grid-cols-3">
            {runtimes.map((item) => (
              <Template key={item.name} {...named(item)} language={item.name} chosen={runtime === item} onChoose={() => setRuntime(item)} />
            ))}
            <Template title="Empty" detail="no files" language={null} chosen={runtime === null} onChoose={() => setRuntime(null)} />
          </div>
        </fieldset>
        {error && (
          <p role="alert" className="rounded-[7px] bg-bad-soft px-3 py-2 text-bad">
            {error}
          </p>
        )}
      </div>
      <footer className="flex justify-end gap-2 border-t border-line px-4 py-3">
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" tone="primary" disabled={busy}>
          {busy ? "Creating…" : "Create project"}
        </Button>
      </footer>
    </form>
  );
}

/** Splits `Java (OpenJDK 17)`: the name is shown, the engine is the tooltip. */
function named({ title, starter }: Runtime): { title: string; detail: string; tip?: string } {
  const [, name = title, engine] = /^(.*?)(?: \((.*)\))?$/.exec(title) ?? [];
  return { title: name, detail: starter, tip: engine };
}

function suggestion(runtime: Runtime | null): string {
  return runtime ? `${named(runtime).title} project` : "New project";
}

interface TemplateProps {
  title: string;
  detail: string;
  tip?: string;
  language: string | null;
  chosen: boolean;
  onChoose(): void;
}

function Template({ title, detail, tip, language, chosen, onChoose }: TemplateProps) {
  return (
    <button
      type="button"
      role="radio"
      aria-checked={chosen}
      data-tip={tip}
      tabIndex={chosen ? 0 : -1}
      onClick={onChoose}
      className={cx(
        "flex items-center gap-2.5 rounded-lg border p-2 text-left transition-colors",
        chosen ? "border-(--focus) bg-active" : "border-line hover:border-line-strong hover:bg-hover",
      )}
    >
      <LanguageMark language={language} />
      <span className="min-w-0">
        <span className="block truncate font-medium">{title}</span>
        <span className="block truncate font-mono text-2xs text-muted">{detail}</span>
      </span>
    </button>
  );
}
