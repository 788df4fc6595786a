// @vitest-environment node
import { expect, it, vi } from "vitest";
import { jobs } from "@/api/client";
import type { NumberedJobEvent } from "@/api/types";
import { useLive } from "@/model/live/store";
import { followJob } from "./stream";

vi.mock("@/api/client", () => ({ auth: {}, jobs: { events: vi.fn() } }));

const frame = (id: number, event: string, data: unknown) => `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
const job = { id: "j", project_id: "p", kind: "execute", state: "succeeded", attempt: 1, created_at: "2026-01-01T00:00:00Z" };

it("skips unknown events of a stream and resumes after the last good one when an event is malformed", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const streams = [
    frame(1, "progress", { message: "one" }) + frame(2, "screenshot", {}) + frame(3, "progress", { text: "no message" }),
    frame(3, "progress", { message: "three" }) + frame(4, "result", job),
  ];
  vi.mocked(jobs.events).mockImplementation(async () => new Response(streams.shift()));
  useLive.setState({ link: "blocked" });
  const heard: NumberedJobEvent[] = [];
  followJob("j", (event) => heard.push(event));
  await vi.waitFor(() => expect(heard.map(({ id, event }) => `${id} ${event}`)).toEqual(["1 progress", "3 progress", "4 result"]), 5000);
  expect(vi.mocked(jobs.events).mock.calls.map(([, after]) => after)).toEqual([undefined, 1]);
});
