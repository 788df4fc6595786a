import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, OfflineError } from "@/api/problem";
import type { Credentials } from "@/api/types";
import { dropTokens, isFresh, keepTokens, readTokens, refreshTokens } from "./tokens";

const credentials = (n: number, expires_in = 900) => ({ access_token: `a${n}`, refresh_token: `r${n}`, expires_in }) as Credentials;
const refusal = (status: number) => new ApiError({ type: "", title: "", detail: "", status, code: "" });
beforeEach(dropTokens);

describe("tokens", () => {
  it("are fresh until shortly before their end", () => {
    const tokens = keepTokens(credentials(1));
    expect(isFresh(tokens)).toBe(true);
    expect(isFresh(tokens, tokens.expires - 10_000)).toBe(false);
  });

  it("are refreshed once for all who wait", async () => {
    keepTokens(credentials(1, 0));
    const refresh = vi.fn(async () => credentials(2));
    const [one, two] = await Promise.all([refreshTokens(refresh), refreshTokens(refresh)]);
    expect(refresh).toHaveBeenCalledExactlyOnceWith("r1", expect.any(String));
    expect(one).toEqual(two);
    expect(readTokens()!.refresh).toBe("r2");
  });

  it("that another tab has refreshed are taken over", async () => {
    keepTokens(credentials(2));
    const refresh = vi.fn();
    expect((await refreshTokens(refresh, "a1"))!.access).toBe("a2");
    expect(refresh).not.toHaveBeenCalled();
  });

  it("are refreshed under the same key again when the answer was lost", async () => {
    keepTokens(credentials(1, 0));
    const keys: (string | undefined)[] = [];
    const refresh = async (_: string, key?: string) => {
      keys.push(key);
      if (keys.length === 1) throw new OfflineError();
      return credentials(2);
    };
    await expect(refreshTokens(refresh)).rejects.toBeInstanceOf(OfflineError);
    await refreshTokens(refresh);
    expect(keys[0]).toBeTruthy();
    expect(keys[1]).toBe(keys[0]);
    expect(readTokens()!.key).not.toBe(keys[0]);
  });

  it("end with a refusal, but not with a lost network or a broken server", async () => {
    keepTokens(credentials(1, 0));
    await expect(refreshTokens(() => Promise.reject(new OfflineError()))).rejects.toBeInstanceOf(OfflineError);
    await expect(refreshTokens(() => Promise.reject(refusal(503)))).rejects.toMatchObject({ status: 503 });
    expect(readTokens()).not.toBeNull();
    expect(await refreshTokens(() => Promise.reject(refusal(401)))).toBeNull();
    expect(readTokens()).toBeNull();
  });
});
