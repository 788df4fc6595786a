/** Every call of the API that the IDE makes, typed. */
import { all, beginning, json, request, upload } from "./http";
import type {
  Artifact,
  BulkAnswer,
  BulkRequest,
  Credentials,
  FileEntry,
  FilePatch,
  Id,
  IndexStatus,
  Job,
  NewFile,
  NewProject,
  Project,
  RestoreAnswer,
  RestoreRequest,
  RunRequest,
  Runtime,
  TrashEntry,
  Uploaded,
  User,
  Version,
} from "./types";

const id = encodeURIComponent;
const PAGE = 10_000;

export const auth = {
  register: (body: { email: string; password: string; name?: string }) =>
    json<Credentials>("/auth/register", { method: "POST", json: body, anonymous: true }),
  login: (body: { email: string; password: string }) => json<Credentials>("/auth/login", { method: "POST", json: body, anonymous: true }),
  refresh: (refresh_token: string, key?: string) => {
    const headers: HeadersInit = key ? { "Idempotency-Key": key } : {};
    return json<Credentials>("/auth/refresh", { method: "POST", json: { refresh_token }, anonymous: true, headers });
  },
  logout: (refresh_token: string) => request("/auth/logout", { method: "POST", json: { refresh_token } }),
  me: () => json<User>("/auth/me"),
  ticket: () => json<{ ticket: string }>("/auth/ticket", { method: "POST" }),
};

export const projects = {
  list: () => all<Project>("/code/?limit=1000"),
  get: (project: Id) => json<Project>(`/code/${id(project)}`),
  create: (body: NewProject) => json<Project>("/code/", { method: "POST", json: body }),
  rename: (project: Id, name: string) => json<Project>(`/code/${id(project)}`, { method: "PATCH", json: { name } }),
  remove: (project: Id, keepalive = false) => request(`/code/${id(project)}`, { method: "DELETE", keepalive }),
  upload: (project: Id, file: Blob, { name, strip = false }: { name: string; strip?: boolean }, onProgress: (fraction: number) => void) => {
    const form = new FormData();
    form.append("file", file, name);
    return upload<Uploaded>(`/code/${id(project)}/upload${strip ? "?strip=1" : ""}`, form, onProgress);
  },
  index: (project: Id) => json<IndexStatus>(`/code/${id(project)}/index`),
  buildIndex: (project: Id) => json<Job>(`/code/${id(project)}/index`, { method: "POST" }),
  archive: async (project: Id) => (await request(`/code/${id(project)}/archive`)).blob(),
};

export const files = {
  list: (project: Id, signal?: AbortSignal) => all<FileEntry>(`/code/${id(project)}/files?limit=${PAGE}`, signal),
  get: (file: Id) => json<FileEntry>(`/code/files/${id(file)}`),
  bytes: async (file: Id) => (await request(`/code/files/${id(file)}/content`)).blob(),
  /** The first bytes only. */
  head: async (file: Id, length: number) => beginning(await request(`/code/files/${id(file)}/content`), length),
  /** Some bytes from the middle. */
  part: async (file: Id, from: number, length: number) => {
    const headers = { Range: `bytes=${from}-${from + length - 1}` };
    const response = await request(`/code/files/${id(file)}/content`, { headers });
    const blob = await response.blob();
    return response.status === 206 ? blob : blob.slice(from, from + length);
  },
  create: (project: Id, body: NewFile) => json<FileEntry>(`/code/${id(project)}/files`, { method: "POST", json: body }),
  patch: (file: Id, body: FilePatch) => json<FileEntry>(`/code/files/${id(file)}`, { method: "PATCH", json: body }),
  /** Replaces the bytes, in whatever encoding they are. */
  write: (file: Id, bytes: Uint8Array<ArrayBuffer>, etag: FileEntry["etag"]) =>
    json<FileEntry>(`/code/files/${id(file)}/content`, {
      method: "PUT",
      body: bytes,
      headers: { "Content-Type": "application/octet-stream", ...(etag ? { "If-Match": quoted(etag) } : {}) },
    }),
  save: (file: Id, content: string, etag: FileEntry["etag"]) =>
    json<FileEntry>(`/code/files/${id(file)}`, {
      method: "PATCH",
      json: { content },
      headers: etag ? { "If-Match": quoted(etag) } : {},
    }),
  remove: (file: Id, keepalive = false) => request(`/code/files/${id(file)}`, { method: "DELETE", keepalive }),
};

/** A browser sends no larger body from a page that closes. */
const KEEPALIVE_BYTES = 60_000;

/** Calls on many paths at once: each does what it can and names what it can't. */
export const bulk = (project: Id, body: BulkRequest) =>
  json<BulkAnswer>(`/code/${id(project)}/files/bulk`, {
    method: "POST",
    json: body,
    keepalive: JSON.stringify(body).length < KEEPALIVE_BYTES,
  });

export const trash = {
  list: (project: Id) => all<TrashEntry>(`/code/${id(project)}/trash?limit=1000`),
  restore: (project: Id, body: RestoreRequest) => json<RestoreAnswer>(`/code/${id(project)}/trash/restore`, { method: "POST", json: body }),
  remove: (project: Id, entry: Id) => request(`/code/${id(project)}/trash/${id(entry)}`, { method: "DELETE" }),
  empty: (project: Id) => request(`/code/${id(project)}/trash`, { method: "DELETE" }),
};

export const history = {
  list: (project: Id, path: string) => all<Version>(`/code/${id(project)}/history?limit=1000&path=${id(path)}`),
  content: async (project: Id, version: Id) => (await request(`/code/${id(project)}/history/${id(version)}/content`)).blob(),
  restore: (project: Id, version: Id, path?: string) =>
    json<FileEntry>(`/code/${id(project)}/history/${id(version)}/restore`, { method: "POST", json: path === undefined ? {} : { path } }),
};

export const jobs = {
  run: (project: Id, body: RunRequest, key: string) =>
    json<Job>(`/code/${id(project)}/runs`, { method: "POST", json: body, headers: { "Idempotency-Key": key } }),
  get: (job: Id) => json<Job>(`/jobs/${id(job)}`),
  list: (project: Id) => json<Job[]>(`/jobs?project_id=${id(project)}&limit=100`),
  cancel: (job: Id) => request(`/jobs/${id(job)}/cancel`, { method: "POST" }),
  artifacts: (job: Id) => json<Artifact[]>(`/jobs/${id(job)}/artifacts`),
  artifact: async (job: Id, path: string) => (await request(`/jobs/${id(job)}/artifacts/${path.split("/").map(id).join("/")}`)).blob(),
  output: async (job: Id, stream: "stdout" | "stderr") => (await request(`/jobs/${id(job)}/output?stream=${stream}&offset=0`)).blob(),
  events: (job: Id, after: number | undefined, signal: AbortSignal) =>
    request(`/jobs/${id(job)}/events`, {
      signal,
      headers: { Accept: "text/event-stream", ...(after === undefined ? {} : { "Last-Event-ID": String(after) }) },
    }),
};

export const runtimes = { list: () => json<Runtime[]>("/runtimes") };

/** An entity tag in header form; the JSON carries the bare hash. */
export function quoted(etag: string): string {
  return etag.startsWith('"') ? etag : `"${etag}"`;
}
