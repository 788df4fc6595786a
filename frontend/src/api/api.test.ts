import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { quoted } from "./client";
import { all, json, nextLink, provideAuth, request } from "./http";
import { ApiError, messageOf, OfflineError } from "./problem";
import { EventParser } from "./sse";

const answers = vi.fn<(url: string, init: RequestInit) => Response | Promise<Response>>();
const reply = (status: number, body: unknown = {}, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers });
const tokenOf = (call: number) => new Headers(answers.mock.calls[call]![1].headers).get("Authorization");

beforeEach(() => {
  vi.stubGlobal("fetch", answers);
  answers.mockReset();
});
afterEach(() => {
  vi.unstubAllGlobals();
  provideAuth({ token: async () => null, renew: async () => null });
});

describe("request", () => {
  it("renews the token once after a 401 and asks again", async () => {
    provideAuth({ token: async () => "old", renew: async () => "new" });
    answers.mockResolvedValueOnce(reply(401)).mockResolvedValueOnce(reply(200, { ok: 1 }));
    expect(await json("/code/")).toEqual({ ok: 1 });
    expect([tokenOf(0), tokenOf(1)]).toEqual(["Bearer old", "Bearer new"]);
  });

  it("gives up after a second 401", async () => {
    provideAuth({ token: async () => "old", renew: async () => "new" });
    answers.mockImplementation(() => reply(401, { code: "unauthenticated" }));
    await expect(request("/x")).rejects.toMatchObject({ status: 401 });
    expect(answers).toHaveBeenCalledTimes(2);
  });

  it("waits as long as the server asks", async () => {
    vi.useFakeTimers();
    answers.mockResolvedValueOnce(reply(429, {}, { "Retry-After": "2" })).mockResolvedValueOnce(reply(200, []));
    const asked = json("/x");
    await vi.advanceTimersByTimeAsync(1900);
    expect(answers).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(await asked).toEqual([]);
    vi.useRealTimers();
  });

  it("tells a lost network from a refusal", async () => {
    answers.mockRejectedValueOnce(new TypeError("failed"));
    await expect(request("/x")).rejects.toBeInstanceOf(OfflineError);
    answers.mockResolvedValueOnce(new Response("<html>", { status: 502, statusText: "Bad Gateway" }));
    await expect(request("/x")).rejects.toMatchObject({ status: 502, message: "Bad Gateway" });
  });

  it("reads every page", async () => {
    answers.mockResolvedValueOnce(reply(200, [1, 2], { Link: '</api/v1/x?cursor=b>; rel="next"' })).mockResolvedValueOnce(reply(200, [3]));
    expect(await all("/x")).toEqual([1, 2, 3]);
    expect(answers.mock.calls[1]![0]).toBe("/api/v1/x?cursor=b");
  });
});

describe("small parts", () => {
  it("finds the next page", () => {
    expect(nextLink('<https://other.example/api/v1/x?c=1>; rel="next"')).toBe("/api/v1/x?c=1");
    expect(nextLink('</x>; rel="prev"')).toBeNull();
  });

  it("quotes entity tags once", () => {
    expect(quoted("abc")).toBe('"abc"');
    expect(quoted('"abc"')).toBe('"abc"');
  });

  it("names the fields that are wrong", () => {
    const error = new ApiError({
      type: "",
      title: "t",
      status: 422,
      detail: "d",
      code: "invalid_input",
      errors: [{ field: "email", message: "is taken" }],
    });
    expect(messageOf(error)).toBe("email: is taken");
  });
});

describe("EventParser", () => {
  it("reads events from any pieces", () => {
    const text = ': hi\n\nid: 4\nevent: output\ndata: {"a":1}\n\nid: 5\r\nevent: state\r\ndata: x\r\ndata: y\r\n\r\n';
    for (const size of [1, 3, 1000]) {
      const parser = new EventParser();
      const found = [];
      for (let at = 0; at < text.length; at += size) found.push(...parser.push(text.slice(at, at + size)));
      expect(found).toEqual([
        { id: "4", event: "output", data: '{"a":1}' },
        { id: "5", event: "state", data: "x\ny" },
      ]);
    }
  });
});
