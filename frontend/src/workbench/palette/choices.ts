/** The palette's choices for a query. */
import { Box, Heading, SquareFunction, Variable, type LucideIcon } from "lucide-react";
import type { SearchHit } from "@/api/search";
import { allCommands, enabled, shortcutOf, type Command } from "@/shell/commands";
import { openPath } from "@/shell/tabs/open";
import { fuzzyFiles, useFiles } from "@/model/files/store";
import { recents } from "@/model/recentFiles";
import { basename, parent } from "@/lib/path";
import { FuzzyIndex } from "@/lib/fuzzy";

export interface Choice {
  id: string;
  label: string;
  detail: string;
  keys?: string;
  icon?: LucideIcon;
  /** A file's path, for its icon. */
  path?: string;
  /** Matched letters of the label. */
  positions: number[];
  run(): void;
}

export const LIMIT = 50;

export interface Query {
  text: string;
  line?: number;
  column?: number;
}

/** `name:12:4` goes to a place in the file. */
export function parseQuery(text: string): Query {
  const match = /^(.*?):(\d*)(?::(\d*))?$/.exec(text);
  if (!match) return { text };
  const number = (value?: string) => (value ? Number(value) : undefined);
  return { text: match[1]!, line: number(match[2]), column: number(match[3]) };
}

export function fileChoices(input: string): Choice[] {
  const { text, line, column } = parseQuery(input);
  const found = text ? fuzzyFiles().search(text, LIMIT) : recentPaths().map((path) => ({ path, positions: [] as number[] }));
  return found.map(({ path, positions }) => pathChoice(path, positions, line, column));
}

/** The server's answer to the same query: first what it found, in its order, then what only the list here has. */
export function withServerPaths(input: string, local: readonly Choice[], hits: readonly SearchHit[]): Choice[] {
  const { line, column } = parseQuery(input);
  const known = new Map(local.map((choice) => [choice.id, choice]));
  const found = hits.map((hit) => known.get(hit.path) ?? pathChoice(hit.path, marked(hit), line, column));
  const ids = new Set(found.map(({ id }) => id));
  return [...found, ...local.filter(({ id }) => !ids.has(id))].slice(0, LIMIT);
}

function pathChoice(path: string, positions: readonly number[], line?: number, column?: number): Choice {
  const name = basename(path);
  const offset = path.length - name.length;
  return {
    id: path,
    label: name,
    detail: parent(path),
    path,
    positions: positions.map((position) => position - offset).filter((position) => position >= 0),
    run: () => void openPath(path, { line, column }),
  };
}

/** The matched letters of a path. */
function marked({ path, snippet, highlights }: SearchHit): number[] {
  if (snippet !== path) return [];
  return highlights.flatMap(([start, end]) => Array.from({ length: end - start }, (_, index) => start + index));
}

export function symbolChoices(hits: readonly SearchHit[]): Choice[] {
  return hits.map((hit, index): Choice => {
    const { symbol, path, start_line } = hit;
    const name = symbol?.name ?? hit.snippet.split("\n")[0]!.trim();
    return {
      id: `${index}:${path}:${start_line}`,
      label: name,
      detail: [symbol?.scope, `${path}:${start_line}`].filter(Boolean).join(" · "),
      icon: SYMBOLS[symbol?.kind ?? ""] ?? Box,
      positions: [],
      run: () => void openPath(path, { line: start_line, column: columnOf(hit, name) }),
    };
  });
}

const SYMBOLS: Record<string, LucideIcon> = {
  function: SquareFunction,
  method: SquareFunction,
  constant: Variable,
  variable: Variable,
  field: Variable,
  section: Heading,
  heading: Heading,
};

/** Where the name stands in the first line of what was found. */
function columnOf({ snippet }: SearchHit, name: string): number {
  return Math.max(0, snippet.split("\n")[0]!.indexOf(name)) + 1;
}

function recentPaths(): string[] {
  const { tree, projectId } = useFiles.getState();
  return recents()
    .filter((recent) => recent.project === projectId && tree.at(recent.path))
    .map((recent) => recent.path);
}

const used: string[] = [];

export function commandChoices(input: string): Choice[] {
  const commands = allCommands().filter((command) => !command.hidden && enabled(command));
  if (!input.trim()) return byUse(byCategory(commands)).map((command) => commandChoice(command, []));
  const byLabel = new Map(commands.map((command) => [labelOf(command), command]));
  return new FuzzyIndex([...byLabel.keys()]).search(input, LIMIT).map(({ path, positions }) => {
    const offset = path.length - byLabel.get(path)!.label.length;
    return commandChoice(
      byLabel.get(path)!,
      positions.map((position) => position - offset).filter((position) => position >= 0),
    );
  });
}

function labelOf(command: Command): string {
  return `${command.category}: ${command.label}`;
}

/** The order of commands in the palette, independent of the order of registration. */
const CATEGORIES = ["Go", "Project", "Settings", "Account", "File", "Editor", "Run", "View"];

function byCategory(commands: Command[]): Command[] {
  const rank = ({ category }: Command) => (CATEGORIES.includes(category) ? CATEGORIES.indexOf(category) : CATEGORIES.length);
  return commands.toSorted((a, b) => rank(a) - rank(b));
}

function byUse(commands: Command[]): Command[] {
  const rank = ({ id }: Command) => (used.includes(id) ? used.indexOf(id) : used.length);
  return commands.toSorted((a, b) => rank(a) - rank(b));
}

function commandChoice(command: Command, positions: number[]): Choice {
  return {
    id: command.id,
    label: command.label,
    detail: command.category,
    keys: shortcutOf(command),
    icon: command.icon,
    positions,
    run: () => {
      used.splice(0, used.length, command.id, ...used.filter((id) => id !== command.id));
      void command.run();
    },
  };
}
