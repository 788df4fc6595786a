/**
 * The types of the API. Those of HTTP are generated from the server's own document (`npm run types`); the session
 * socket is not part of that document, so its messages are written here.
 */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Id = string;
export type User = Schemas["User"];
export type Credentials = Schemas["Credentials"];
export type Project = Schemas["Project"];
export type Uploaded = Schemas["Uploaded"];
export type NewProject = Schemas["NewProject"];
export type FileEntry = Schemas["File"];
export type NewFile = Schemas["NewFile"];
export type FilePatch = Schemas["FilePatch"];
export type JobKind = Schemas["JobKind"];
export type JobState = Schemas["JobState"];
export type Reason = Schemas["Reason"];
export type Verdict = Schemas["Verdict"];
export type Usage = Schemas["Usage"];
export type Job = Schemas["Job"];
export type Limits = Schemas["Limits"];
export type RunRequest = Schemas["RunRequest"];
export type Artifact = Schemas["Artifact"];
export type Runtime = Schemas["RuntimeView"];
export type IndexStatus = Schemas["IndexStatus"];
export type OutputEvent = Schemas["Output"];
export type StateEvent = Schemas["StateChange"];
export type ProgressEvent = Schemas["Progress"];

export type OnConflict = "fail" | "rename" | "replace";

export interface BulkRequest {
  operation: "delete" | "move" | "copy";
  paths: readonly string[];
  /** The folder of a move or a copy; empty is the root. */
  into?: string;
  on_conflict?: OnConflict;
}

/** What a call on many paths could not do; it did the rest. */
export interface BulkFailure {
  path: string;
  code: string;
  detail: string;
}

export interface BulkAnswer {
  done: { id: Id; from?: string | null; path: string }[];
  failed: BulkFailure[];
  /** What was put into the trash, to be restored at once. */
  deletion_id?: Id | null;
}

export interface Author {
  id: number;
  name?: string | null;
}

/** A deleted file, or a deleted folder with all that was in it. */
export interface TrashEntry {
  id: Id;
  deletion_id: Id;
  path: string;
  type: FileEntry["type"];
  files: number;
  size: number;
  deleted_at: string;
  deleted_by?: Author | null;
  expires_at?: string | null;
}

export type RestoreRequest = ({ ids: readonly Id[] } | { deletion_id: Id }) & { on_conflict?: OnConflict };
export type RestoreAnswer = Pick<BulkAnswer, "done" | "failed">;

export type Cause = "create" | "save" | "upload" | "sync" | "move" | "restore" | "delete" | "replace";

/** What a file was at some time. */
export interface Version {
  id: Id;
  path: string;
  hash: string;
  size: number;
  created_at: string;
  author?: Author | null;
  cause: Cause;
  current: boolean;
}

/** A proxy may answer with less than the OpenAPI document promises. */
export type Problem = Omit<Schemas["Problem"], "code"> & { code: Schemas["ErrorCode"] | "" };

/** One event of a job: the same over the socket and over server-sent events. */
export type JobEvent =
  | { event: "state"; data: StateEvent }
  | { event: "output"; data: OutputEvent }
  | { event: "progress"; data: ProgressEvent }
  | { event: "result"; data: Job };

export type NumberedJobEvent = JobEvent & { id: number };

export interface Presence {
  conn_id: string;
  user_id: number;
  name: string;
  file_id?: Id;
  line?: number;
  column?: number;
}

export type ClientMessage =
  | { type: "hello"; last_seq?: number; epoch?: string }
  | { type: "presence"; file_id?: Id; line?: number; column?: number }
  | { type: "watch"; job_id: Id; after?: number; tail?: number }
  | { type: "unwatch"; job_id: Id }
  | { type: "run.input"; job_id: Id; source: string; offset: number; data: string; encoding: "utf-8" | "base64"; end?: boolean }
  | { type: "run.resize"; job_id: Id; rows: number; cols: number }
  | { type: "ping"; t: number };

export type FileChange = "created" | "updated" | "deleted" | "moved" | "bulk";

export interface FileMessage {
  type: "file";
  seq: number;
  change: FileChange;
  file?: FileEntry;
  file_id?: Id;
  by?: string | null;
}

export interface WelcomeMessage {
  type: "welcome";
  epoch: string;
  seq: number;
  conn_id: string;
  presence: Presence[];
  snapshot: boolean;
  jobs: Job[];
}

export type ServerMessage =
  | WelcomeMessage
  | FileMessage
  | { type: "presence"; seq: number; presence: Presence[] }
  | { type: "job"; seq: number; job: Job }
  | { type: "project"; seq: number; change: "updated" | "deleted" }
  | (NumberedJobEvent & { type: "event"; job_id: Id })
  | { type: "run.input_taken"; job_id: Id; source: string; offset: number }
  | { type: "run.input_refused"; job_id: Id; source: string; code: string; detail: string }
  | { type: "pong"; t: number }
  | { type: "error"; code: string; detail: string };
