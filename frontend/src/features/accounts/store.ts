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
    return signOutUnless(await refreshTokens(auth.refresh));
  },
  async renew() {
    return signOutUnless(await refreshTokens(auth.refresh, readTokens()?.access));
  },
});

function signOutUnless(tokens: { access: string } | null): string | null {
  if (!tokens) setSignedOut();
  return tokens?.access ?? null;
}

function setSignedIn(user: User): void {
  remember("user", user);
  useAccount.setState({ status: "in", user });
}

function setSignedOut(): void {
  dropTokens();
  remember("user", null);
  useAccount.setState({ status: "out", user: null });
}

function acceptCredentials(credentials: Credentials): void {
  keepTokens(credentials);
  setSignedIn(credentials.user);
}

export async function login(email: string, password: string): Promise<void> {
  acceptCredentials(await auth.login({ email, password }));
}

export async function signUp(email: string, password: string, name: string): Promise<void> {
  acceptCredentials(await auth.register({ email, password, ...(name ? { name } : {}) }));
}

export async function logout(): Promise<void> {
  await flushDeferred();
  const tokens = readTokens();
  try {
    if (tokens) await auth.logout(tokens.refresh);
  } catch {
    // Offline or already signed out: this browser forgets the account in any case.
  }
  setSignedOut();
}

/**
 * Restores the session of the last visit. The remembered user is shown at once; the server's answer
 * corrects it. Without a network the studio opens with what it has.
 */
export async function restoreSession(): Promise<void> {
  if (!readTokens()) return setSignedOut();
  const known = recall<User | null>("user", null);
  if (known) useAccount.setState({ status: "in", user: known });
  try {
    setSignedIn(await auth.me());
  } catch {
    // The network may be down or the server starting: the tokens may still be valid, so this is retried.
    if (readTokens()) setTimeout(() => void restoreSession(), RETRY_MS);
    else setSignedOut();
  }
}

/** Signing out in one tab signs out all tabs. */
export function followOtherTabs(): () => void {
  const onStorage = (event: StorageEvent) => {
    if (event.key !== "engunity.tokens") return;
    if (!event.newValue) useAccount.setState({ status: "out", user: null });
    else if (useAccount.getState().status === "out") void restoreSession();
  };
  window.addEventListener("storage", onStorage);
  return () => window.removeEventListener("storage", onStorage);
}
