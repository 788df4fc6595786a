/** The project's run configurations: a file of the project, so that they travel with it. Pure. */
import type { RunRequest } from "@/api/types";

export const CONFIGURATIONS_PATH = ".engunity/run.json";

export interface RunConfiguration {
  name: string;
  /** A shell command. Either this or `entry` is set. */
  command?: string;
  entry?: string;
  runtime?: string;
  stdin?: string;
  /** Whether the program gets a terminal. Without a setting it does, unless `stdin` is set. */
  tty?: boolean;
  env?: Record<string, string>;
  limits?: { wall_s?: number; memory_mb?: number };
  artifacts?: string[];
}

/** Files in these folders are kept as artifacts unless a configuration names others. */
export const DEFAULT_ARTIFACTS = ["artifacts/**", "output/**"];

export function parseConfigurations(text: string): RunConfiguration[] {
  const data: unknown = JSON.parse(text);
  const list = (data as { configurations?: unknown }).configurations;
  if (!Array.isArray(list)) throw new Error("`configurations` has to be a list");
  return list.map(check);
}

function check(item: unknown, index: number): RunConfiguration {
  const it = item as Partial<RunConfiguration> | null;
  if (typeof it?.name !== "string" || !it.name.trim()) throw new Error(`Configuration ${index + 1} needs a name`);
  if (!it.command && !it.entry) throw new Error(`“${it.name}” needs a command or an entry file`);
  return it as RunConfiguration;
}

export function writeConfigurations(list: readonly RunConfiguration[]): string {
  return `${JSON.stringify({ configurations: list }, null, 2)}\n`;
}

export function requestOf(configuration: RunConfiguration): RunRequest {
  const { name: _name, command, entry, artifacts, ...rest } = configuration;
  return { ...(command ? { command } : { entry }), artifacts: artifacts ?? DEFAULT_ARTIFACTS, ...rest };
}

/** `KEY=value` lines, as the form shows the environment. */
export function parseEnvironment(text: string): Record<string, string> {
  const pairs = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith("#"));
  return Object.fromEntries(
    pairs.map((line) => {
      const at = line.indexOf("=");
      if (at < 1) throw new Error(`“${line}” is not KEY=value`);
      return [line.slice(0, at).trim(), line.slice(at + 1)];
    }),
  );
}

export function writeEnvironment(env: Record<string, string> = {}): string {
  return Object.entries(env)
    .map(([key, value]) => `${key}=${value}`)
    .join("\n");
}
