/**
 * The only HTTP client: adds the access token, refreshes it once when it has expired, retries after
 * `Retry-After`, and turns every error response into an ApiError.
 */
import { ApiError, OfflineError, problemOf } from "./problem";

export const API = "/api/v1";

export interface Auth {
  /** A token that is valid now, or null when nobody is signed in. */
  token(): Promise<string | null>;
  /** Called after a 401: gets a new token, or null when the account has to sign in again. */
  renew(): Promise<string | null>;
}

let auth: Auth = { token: async () => null, renew: async () => null };
let connectionId: string | null = null;

export function provideAuth(next: Auth): void {
  auth = next;
}

/** Writes carry the socket's id, so that this tab recognises its own changes. */
export function setConnectionId(id: string | null): void {
  connectionId = id;
}

export interface Options extends Omit<RequestInit, "body"> {
  json?: unknown;
  body?: BodyInit;
  anonymous?: boolean;
}

const MAX_RETRY_AFTER_S = 30;
const RETRIES = 2;

export async function request(path: string, options: Options = {}): Promise<Response> {
  let token = options.anonymous ? null : await auth.token();
  let renewed = false;
  for (let attempt = 0; ; attempt++) {
    const response = await send(path, options, token);
    if (response.ok || response.status === 304) return response;
    if (response.status === 401 && !options.anonymous && !renewed) {
      renewed = true;
      token = await auth.renew();
      if (token) continue;
    }
    if (response.status === 429 && attempt < RETRIES && (await wait(response, options.signal))) continue;
    throw new ApiError(await problemOf(response));
  }
}

export async function json<T>(path: string, options: Options = {}): Promise<T> {
  const response = await request(path, options);
  return (await response.json()) as T;
}

/** Reads the first bytes of a response and cancels the rest. */
export async function beginning(response: Response, length: number): Promise<Blob> {
  const reader = response.body!.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let size = 0; size < length;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
  }
  void reader.cancel();
  return new Blob(parts).slice(0, length);
}

async function send(path: string, options: Options, token: string | null): Promise<Response> {
  const { json: payload, anonymous: _anonymous, ...init } = options;
  const headers = new Headers(init.headers);
  if (payload !== undefined) headers.set("Content-Type", "application/json");
  if (token) headers.set("Authorization", `Bearer ${token}`);
  if (connectionId && init.method && init.method !== "GET") headers.set("X-Engunity-Connection", connectionId);
  const body = payload === undefined ? init.body : JSON.stringify(payload);
  try {
    return await fetch(url(path), { ...init, headers, body, credentials: "same-origin" });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new OfflineError();
  }
}

function url(path: string): string {
  return path.startsWith("/api/") || path.startsWith("http") ? path : `${API}${path}`;
}

/** Waits as long as Retry-After says; false when that is too long. */
async function wait(response: Response, signal?: AbortSignal | null): Promise<boolean> {
  const seconds = Number(response.headers.get("Retry-After") ?? 1);
  if (!Number.isFinite(seconds) || seconds > MAX_RETRY_AFTER_S) return false;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0.2, seconds) * 1000));
  return !signal?.aborted;
}

/** Reads every page of a list, following `Link: <…>; rel="next"`. */
export async function all<T>(path: string, signal?: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let next: string | null = path;
  while (next) {
    const response: Response = await request(next, { signal });
    items.push(...((await response.json()) as T[]));
    next = nextLink(response.headers.get("Link"));
  }
  return items;
}

export function nextLink(header: string | null): string | null {
  const match = header?.match(/<([^>]+)>\s*;\s*rel="?next"?/);
  if (!match?.[1]) return null;
  const target = new URL(match[1], window.location.origin);
  return target.pathname + target.search;
}

/** An upload with progress, which fetch can't report. */
export function upload<T>(path: string, form: FormData, onProgress: (fraction: number) => void): Promise<T> {
  return uploadOnce<T>(path, form, onProgress, false);
}

async function uploadOnce<T>(path: string, form: FormData, onProgress: (fraction: number) => void, renewed: boolean): Promise<T> {
  const token = renewed ? await auth.renew() : await auth.token();
  const response = await xhr(url(path), form, token, onProgress);
  if (response.status === 401 && !renewed) return uploadOnce(path, form, onProgress, true);
  if (!response.ok) throw new ApiError(await problemOf(response));
  return (await response.json()) as T;
}

function xhr(target: string, form: FormData, token: string | null, onProgress: (fraction: number) => void) {
  return new Promise<Response>((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("POST", target);
    if (token) call.setRequestHeader("Authorization", `Bearer ${token}`);
    if (connectionId) call.setRequestHeader("X-Engunity-Connection", connectionId);
    call.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    call.onload = () => resolve(new Response(call.responseText || null, { status: call.status, statusText: call.statusText }));
    call.onerror = () => reject(new OfflineError());
    call.send(form);
  });
}
