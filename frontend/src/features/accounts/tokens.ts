/**
 * The account's tokens. Every tab shares one pair in localStorage, and a refresh token works once, so
 * tabs take turns (a Web Lock) and look first whether another has refreshed already.
 */
import { ApiError, OfflineError } from "@/api/problem";
import type { Credentials } from "@/api/types";
import { randomId } from "@/lib/random";
import { recall, remember } from "@/lib/storage";

export interface Tokens {
  access: string;
  refresh: string;
  /** Under the same key a refresh can be repeated whose answer was lost. */
  key?: string;
  /** Milliseconds since the epoch. */
  expires: number;
}

const KEY = "tokens";
const EARLY_MS = 30_000;

export function readTokens(): Tokens | null {
  return recall<Tokens | null>(KEY, null);
}

export function keepTokens(credentials: Credentials): Tokens {
  const tokens = {
    access: credentials.access_token,
    refresh: credentials.refresh_token,
    key: randomId(),
    expires: Date.now() + credentials.expires_in * 1000,
  };
  remember(KEY, tokens);
  return tokens;
}

export function dropTokens(): void {
  remember(KEY, null);
}

export function isFresh(tokens: Tokens, now = Date.now()): boolean {
  return tokens.expires - EARLY_MS > now;
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (!navigator.locks) return work();
  return (await navigator.locks.request("engunity-refresh", work)) as T;
}

export type Refresh = (token: string, key?: string) => Promise<Credentials>;

let running: Promise<Tokens | null> | null = null;

/** A new access token; null when the account has ended here. `stale` is the one that was refused. */
export function refreshTokens(refresh: Refresh, stale?: string): Promise<Tokens | null> {
  running ??= inTurn(() => refreshOnce(refresh, stale)).finally(() => (running = null));
  return running;
}

async function refreshOnce(refresh: Refresh, stale?: string): Promise<Tokens | null> {
  const tokens = readTokens();
  if (!tokens) return null;
  if (isFresh(tokens) && tokens.access !== stale) return tokens;
  try {
    return keepTokens(await refresh(tokens.refresh, tokens.key));
  } catch (error) {
    if (error instanceof OfflineError) throw error;
    if (error instanceof ApiError && error.status !== 401) throw error;
    dropTokens();
    return null;
  }
}
