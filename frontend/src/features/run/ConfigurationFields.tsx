import { useState, type ReactNode } from "react";
import type { Runtime } from "@/api/types";
import { messageOf } from "@/api/problem";
import { DEFAULT_ARTIFACTS, parseEnvironment, writeEnvironment, type RunConfiguration } from "./configurations";

interface FieldsProps {
  value: RunConfiguration;
  runtimes: readonly Runtime[];
  onChange(next: RunConfiguration): void;
}

export function ConfigurationFields({ value, runtimes, onChange }: FieldsProps) {
  const set = (change: Partial<RunConfiguration>) => onChange(clean({ ...value, ...change }));
  const byFile = value.command === undefined;
  return (
    <div className="space-y-3.5">
      <Row label="Name" id="config-name">
        <input id="config-name" className="field" value={value.name} onChange={(event) => set({ name: event.target.value })} />
      </Row>
      <Row label="Runs" id="config-kind">
        <select
          id="config-kind"
          className="field"
          value={byFile ? "entry" : "command"}
          onChange={(event) => set(event.target.value === "entry" ? { command: undefined, entry: "" } : { command: "", entry: undefined })}
        >
          <option value="command">a shell command</option>
          <option value="entry">a file</option>
        </select>
      </Row>
      <Row label={byFile ? "File" : "Command"} id="config-what">
        <input
          id="config-what"
          className="field font-mono text-xs"
          spellCheck={false}
          placeholder={byFile ? "src/main.py" : "python -m pytest -q"}
          value={(byFile ? value.entry : value.command) ?? ""}
          onChange={(event) => set(byFile ? { entry: event.target.value } : { command: event.target.value })}
        />
      </Row>
      <Row label="Runtime" id="config-runtime">
        <select
          id="config-runtime"
          className="field"
          value={value.runtime ?? ""}
          onChange={(event) => set({ runtime: event.target.value || undefined })}
        >
          <option value="">by file or project language</option>
          {runtimes.map((runtime) => (
            <option key={runtime.name} value={runtime.name}>
              {runtime.title}
            </option>
          ))}
        </select>
      </Row>
      <Environment value={value.env} onChange={(env) => set({ env })} />
      <Row label="Standard input" id="config-stdin">
        <textarea
          id="config-stdin"
          rows={2}
          className="field font-mono text-xs"
          value={value.stdin ?? ""}
          onChange={(event) => set({ stdin: event.target.value || undefined })}
        />
      </Row>
      <div className="grid grid-cols-2 gap-3">
        <Limit
          label="Time limit (s)"
          id="config-wall"
          value={value.limits?.wall_s}
          onChange={(wall_s) => set({ limits: { ...value.limits, wall_s } })}
        />
        <Limit
          label="Memory (MiB)"
          id="config-memory"
          value={value.limits?.memory_mb}
          onChange={(memory_mb) => set({ limits: { ...value.limits, memory_mb } })}
        />
      </div>
      <Row label="Keep as artifacts" id="config-artifacts">
        <input
          id="config-artifacts"
          className="field font-mono text-xs"
          spellCheck={false}
          placeholder={DEFAULT_ARTIFACTS.join(", ")}
          defaultValue={value.artifacts?.join(", ") ?? ""}
          onChange={(event) => set({ artifacts: globs(event.target.value) })}
        />
      </Row>
    </div>
  );
}

function globs(text: string): string[] | undefined {
  const list = text
    .split(",")
    .map((glob) => glob.trim())
    .filter(Boolean);
  return list.length ? list : undefined;
}

/** Removes unset fields, so that the file holds only what was set. */
function clean(configuration: RunConfiguration): RunConfiguration {
  const limits = Object.fromEntries(Object.entries(configuration.limits ?? {}).filter(([, value]) => value !== undefined));
  const next = { ...configuration, limits: Object.keys(limits).length ? limits : undefined };
  return Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined)) as unknown as RunConfiguration;
}

function Environment({ value, onChange }: { value: RunConfiguration["env"]; onChange(env: RunConfiguration["env"]): void }) {
  const [text, setText] = useState(() => writeEnvironment(value));
  const [error, setError] = useState<string | null>(null);
  const read = (next: string) => {
    setText(next);
    try {
      const env = parseEnvironment(next);
      setError(null);
      onChange(Object.keys(env).length ? env : undefined);
    } catch (problem) {
      setError(messageOf(problem));
    }
  };
  return (
    <Row label="Environment" id="config-env">
      <textarea
        id="config-env"
        rows={2}
        spellCheck={false}
        placeholder="KEY=value"
        className="field font-mono text-xs"
        aria-invalid={error !== null}
        value={text}
        onChange={(event) => read(event.target.value)}
      />
      {error && <p className="mt-1 text-xs text-bad">{error}</p>}
    </Row>
  );
}

interface LimitProps {
  label: string;
  id: string;
  value: number | undefined;
  onChange(value: number | undefined): void;
}

function Limit({ label, id, value, onChange }: LimitProps) {
  return (
    <Row label={label} id={id}>
      <input
        id={id}
        type="number"
        min={1}
        className="field tabular"
        placeholder="default"
        value={value ?? ""}
        onChange={(event) => onChange(event.target.value ? Number(event.target.value) : undefined)}
      />
    </Row>
  );
}

function Row({ label, id, children }: { label: string; id: string; children: ReactNode }) {
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-xs font-medium text-muted">
        {label}
      </label>
      {children}
    </div>
  );
}
