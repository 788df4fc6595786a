/** Reads errors out of program output: tracebacks, compilers, test runners. Pure. */
import type { RunError } from "@/model/problems";

const COMPILER =
  /^\s*((?:[\w.@+-]*\/)*[\w.@+-]+\.\w{1,6}):(\d+)(?::(\d+))?:\s*(?:(fatal error|error|warning|note)(?:\[[^\]]*\])?:\s*)?(.+)$/;
const RUST_HEAD = /^(error|warning)(?:\[(\w+)\])?: (.+)$/;
const RUST_PLACE = /^\s*--> ([^:]+):(\d+):(\d+)/;
const PYTHON_FRAME = /^\s*File "([^"]+)", line (\d+)/;
const PYTHON_END = /^((?:\w+\.)*\w*(?:Error|Exception|Exit|Interrupt|Warning|Iteration)\b.*|\w+(?:\.\w+)*: .+)$/;
const NODE_HEAD = /^(?:Uncaught )?((?:\w*Error|\w*Exception)(?: \[\w+\])?: .+)$/;
const NODE_FRAME = /^\s*at (?:.*\()?((?:file:\/\/|node:)?[^\s():]+):(\d+):(\d+)\)?$/;
const SHELL = /^(\S+): line (\d+): (.+)$/;
const MAX_ERRORS = 500;
/** In long output, errors are at the beginning (compilers) or at the end (tracebacks). */
const WINDOW = 400_000;

export function parseErrors(output: string): RunError[] {
  const text = output.length > 2 * WINDOW ? `${output.slice(0, WINDOW)}\n${output.slice(-WINDOW)}` : output;
  const lines = text.split("\n");
  const found: RunError[] = [];
  for (let index = 0; index < lines.length && found.length < MAX_ERRORS; index++) {
    const error = traceback(lines, index) ?? rust(lines, index) ?? node(lines, index) ?? shell(lines[index]!) ?? compiler(lines[index]!);
    if (error) found.push(error);
  }
  return unique(found);
}

/** The innermost frame of a Python traceback, with what was raised. */
function traceback(lines: string[], index: number): RunError | null {
  if (!PYTHON_FRAME.test(lines[index]!)) return null;
  const next = lines.findIndex((line, at) => at > index && !/^\s/.test(line) && line.trim() !== "");
  if (next < 0) return null;
  const later = lines.slice(index + 1, next).some((line) => PYTHON_FRAME.test(line));
  if (later || !PYTHON_END.test(lines[next]!)) return null;
  const [, path, line] = PYTHON_FRAME.exec(lines[index]!)!;
  return { path: path!, line: Number(line), severity: "error", message: lines[next]!.trim() };
}

function rust(lines: string[], index: number): RunError | null {
  const place = RUST_PLACE.exec(lines[index]!);
  const head = place && RUST_HEAD.exec(lines[index - 1] ?? "");
  if (!place || !head) return null;
  const message = head[2] ? `${head[3]} (${head[2]})` : head[3]!;
  return { path: place[1]!, line: Number(place[2]), column: Number(place[3]), severity: head[1] as "error" | "warning", message };
}

function node(lines: string[], index: number): RunError | null {
  const head = NODE_HEAD.exec(lines[index]!);
  if (!head) return null;
  for (const line of lines.slice(index + 1, index + 12)) {
    const frame = NODE_FRAME.exec(line);
    if (!frame) {
      if (line.trim() && !/^\s*at /.test(line)) return null;
      continue;
    }
    if (frame[1]!.startsWith("node:") || frame[1]!.includes("node_modules")) continue;
    const path = frame[1]!.replace("file://", "");
    return { path, line: Number(frame[2]), column: Number(frame[3]), severity: "error", message: head[1]! };
  }
  return null;
}

function shell(line: string): RunError | null {
  const match = SHELL.exec(line);
  return match && { path: match[1]!, line: Number(match[2]), severity: "error", message: match[3]! };
}

function compiler(line: string): RunError | null {
  const match = COMPILER.exec(line);
  if (!match || match[4] === "note" || !plausible(match)) return null;
  const severity = match[4] === "warning" ? "warning" : "error";
  return {
    path: match[1]!,
    line: Number(match[2]),
    severity,
    message: match[5]!.trim(),
    ...(match[3] ? { column: Number(match[3]) } : {}),
  };
}

/** Without the word "error" only known formats count: go, pytest, ruby. */
function plausible(match: RegExpExecArray): boolean {
  if (match[4]) return true;
  if (/\.go$/.test(match[1]!) && !/^\s*\+0x/.test(match[5]!)) return true;
  return /^(?:in\b|\w*(?:Error|Exception)\b|syntax error)/.test(match[5]!);
}

function unique(errors: RunError[]): RunError[] {
  const seen = new Set<string>();
  return errors.filter((error) => {
    const key = `${error.path}:${error.line}:${error.message}`;
    return !seen.has(key) && seen.add(key);
  });
}
