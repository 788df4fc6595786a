/** Signing in and out. */
import { auth } from "@/api/client";
import { provideAuth } from "@/api/http";
import type { Credentials, User } from "@/api/types";
import { useAccount } from "@/model/account";
import { recall, remember } from "@/lib/storage";
import { flushDeferred } from "@/shell/toasts/deferred";
import { dropTokens, isFresh, keepTokens, readTokens, refreshTokens } from "./tokens";

const RETRY_MS = 3000;

provideAuth({
  async token() {
    const tokens = readTokens();
    if (!tokens) return null;
    if (isFresh(tokens)) return tokens.access;
    return leaveUnless(await refreshTokens(auth.refresh));
  },
  async renew() {
    return leaveUnless(await refreshTokens(auth.refresh, readTokens()?.access));
  },
});

function leaveUnless(tokens: { access: string } | null): string | null {
  if (!tokens) setOut();
  return tokens?.access ?? null;
}

function setIn(user: User): void {
  remember("user", user);
  useAccount.setState({ status: "in", user });
}

function setOut(): void {
  dropTokens();
  remember("user", null);
  useAccount.setState({ status: "out", user: null });
}

function welcome(credentials: Credentials): void {
  keepTokens(credentials);
  setIn(credentials.user);
}

export async function login(email: string, password: string): Promise<void> {
  welcome(await auth.login({ email, password }));
}

export async function signUp(email: string, password: string, name: string): Promise<void> {
  welcome(await auth.register({ email, password, ...(name ? { name } : {}) }));
}

export async function logout(): Promise<void> {
  await flushDeferred();
  const tokens = readTokens();
  try {
    if (tokens) await auth.logout(tokens.refresh);
  } catch {
    // Offline or ended already: this browser forgets the account in any case.
  }
  setOut();
}

/**
 * Takes up the account of the last visit. The remembered user is shown at once; the server's answer
 * corrects it, and without a network the studio opens with what it has.
 */
export async function restore(): Promise<void> {
  if (!readTokens()) return setOut();
  const known = recall<User | null>("user", null);
  if (known) useAccount.setState({ status: "in", user: known });
  try {
    setIn(await auth.me());
  } catch {
    // No network, or a server that is starting: the tokens may still be good, so it is asked again.
    if (readTokens()) setTimeout(() => void restore(), RETRY_MS);
    else setOut();
  }
}

/** A sign-out in one tab is one in all. */
export function followOtherTabs(): () => void {
  const onStorage = (event: StorageEvent) => {
    if (event.key !== "engunity.tokens") return;
    if (!event.newValue) useAccount.setState({ status: "out", user: null });
    else if (useAccount.getState().status === "out") void restore();
  };
  window.addEventListener("storage", onStorage);
  return () => window.removeEventListener("storage", onStorage);
}
