/**
 * Reads what the session socket and the event streams carry. Everything is checked before it is used. The wire only grows:
 * fields and words that this version does not know are let through, and a message of an unknown type is told from a broken one.
 */
import * as v from "valibot";
import type { FileEntry, FileMessage, Job, NumberedJobEvent, Presence, ServerMessage, WelcomeMessage } from "./types";

/** `unknown`: of a type that this version does not know. `malformed`: not what its type promises. */
export type Parsed<T> = { ok: true; value: T } | { ok: false; reason: "unknown" | "malformed"; detail: string };

type Schema<T> = v.GenericSchema<unknown, T>;

/** One of a list of words that later versions may extend, so any string passes. */
const word = <T extends string>() => v.string() as unknown as v.GenericSchema<string, T>;
const seq = v.number();

const job: Schema<Job> = v.looseObject({
  id: v.string(),
  project_id: v.string(),
  kind: word<Job["kind"]>(),
  state: word<Job["state"]>(),
  attempt: v.number(),
  created_at: v.string(),
  started_at: v.nullish(v.string()),
  finished_at: v.nullish(v.string()),
  title: v.nullish(v.string()),
  runtime: v.nullish(v.string()),
  worker_id: v.nullish(v.string()),
  waiting: v.nullish(v.looseObject({ position: v.number(), because: v.string() })),
  verdict: v.nullish(
    v.looseObject({
      reason: word<NonNullable<Job["verdict"]>["reason"]>(),
      evidence: v.string(),
      exit_code: v.nullish(v.number()),
      signal: v.nullish(v.number()),
    }),
  ),
  usage: v.nullish(v.looseObject({ wall_ms: v.number(), cpu_ms: v.number(), peak_memory_bytes: v.number() })),
});

const file: Schema<FileEntry> = v.looseObject({
  id: v.string(),
  project_id: v.string(),
  path: v.string(),
  name: v.string(),
  type: word<FileEntry["type"]>(),
  size: v.number(),
  created_at: v.string(),
  updated_at: v.string(),
  etag: v.nullish(v.string()),
  language: v.nullish(v.string()),
  parent_id: v.nullish(v.string()),
  content: v.nullish(v.string()),
  binary: v.optional(v.boolean()),
});

const presence: Schema<Presence[]> = v.array(
  v.looseObject({
    conn_id: v.string(),
    user_id: v.number(),
    name: v.string(),
    file_id: v.optional(v.string()),
    line: v.optional(v.number()),
    column: v.optional(v.number()),
  }),
);

const welcome: Schema<WelcomeMessage> = v.looseObject({
  type: v.literal("welcome"),
  epoch: v.string(),
  seq,
  conn_id: v.string(),
  presence,
  snapshot: v.boolean(),
  jobs: v.array(job),
});

const fileMessage: Schema<FileMessage> = v.looseObject({
  type: v.literal("file"),
  seq,
  change: word<FileMessage["change"]>(),
  file: v.optional(file),
  file_id: v.optional(v.string()),
  by: v.nullish(v.string()),
});

type Message<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;
type Plain = Exclude<ServerMessage["type"], "event">;

const MESSAGES: { [T in Plain]: Schema<Message<T>> } = {
  welcome,
  file: fileMessage,
  presence: v.looseObject({ type: v.literal("presence"), seq, presence }),
  job: v.looseObject({ type: v.literal("job"), seq, job }),
  project: v.looseObject({ type: v.literal("project"), seq, change: word<Message<"project">["change"]>() }),
  "run.input_taken": v.looseObject({ type: v.literal("run.input_taken"), job_id: v.string(), source: v.string(), offset: v.number() }),
  "run.input_refused": v.looseObject({
    type: v.literal("run.input_refused"),
    job_id: v.string(),
    source: v.string(),
    code: v.string(),
    detail: v.string(),
  }),
  pong: v.looseObject({ type: v.literal("pong"), t: v.number() }),
  error: v.looseObject({ type: v.literal("error"), code: v.string(), detail: v.string() }),
};

type EventData<E extends NumberedJobEvent["event"]> = Extract<NumberedJobEvent, { event: E }>["data"];

const EVENTS: { [E in NumberedJobEvent["event"]]: Schema<EventData<E>> } = {
  state: v.looseObject({
    state: word<Job["state"]>(),
    attempt: v.number(),
    because: v.nullish(v.string()),
    worker_id: v.nullish(v.string()),
  }),
  output: v.looseObject({
    stream: v.picklist(["stdout", "stderr"]),
    encoding: v.picklist(["utf-8", "base64"]),
    offset: v.number(),
    data: v.string(),
    attempt: v.optional(v.number()),
  }),
  progress: v.looseObject({ message: v.string(), fraction: v.nullish(v.number()), remark: v.optional(v.boolean()) }),
  result: job,
};

const envelope = v.looseObject({ type: v.string() });
const numbered = v.looseObject({ id: v.pipe(v.number(), v.integer()), event: v.string(), data: v.unknown() });
const jobRef = v.looseObject({ job_id: v.string() });

/** Reads one frame of the session socket. */
export function parseServerMessage(text: string): Parsed<ServerMessage> {
  const read = parseWith(envelope, parseJson(text));
  if (!read.ok) return read;
  const { type } = read.value;
  if (type === "event") return parseSocketEvent(read.value);
  if (!Object.hasOwn(MESSAGES, type)) return { ok: false, reason: "unknown", detail: type };
  return parseWith<ServerMessage>(MESSAGES[type as Plain], read.value);
}

function parseSocketEvent(data: unknown): Parsed<ServerMessage> {
  const of = parseWith(jobRef, data);
  if (!of.ok) return of;
  const event = parseJobEvent(data);
  return event.ok ? { ok: true, value: { ...event.value, type: "event", job_id: of.value.job_id } } : event;
}

/** Reads an event of a job: `{id, event, data}`, which is the same on the socket and in an event stream. */
export function parseJobEvent(data: unknown): Parsed<NumberedJobEvent> {
  const read = parseWith(numbered, data);
  if (!read.ok) return read;
  const { id, event } = read.value;
  if (!Object.hasOwn(EVENTS, event)) return { ok: false, reason: "unknown", detail: `event ${event}` };
  const body = parseWith<unknown>(EVENTS[event as keyof typeof EVENTS], read.value.data);
  // The table pairs each event with the schema of its data, which the compiler can't follow through a computed key.
  return body.ok ? { ok: true, value: { id, event, data: body.value } as NumberedJobEvent } : body;
}

/** The value, or undefined, which no schema accepts. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseWith<T>(schema: Schema<T>, data: unknown): Parsed<T> {
  const result = v.safeParse(schema, data);
  if (result.success) return { ok: true, value: result.output };
  const [issue] = result.issues;
  return { ok: false, reason: "malformed", detail: `${v.getDotPath(issue) ?? "message"}: ${issue.message}` };
}
