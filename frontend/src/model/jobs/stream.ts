/**
 * A job's events: over the socket while it is open, otherwise as server-sent events. Either way each
 * event is delivered once and in order.
 */
import { jobs as api } from "@/api/client";
import { parseJobEvent, parseJson } from "@/api/messages";
import { readEvents } from "@/api/sse";
import type { Id, NumberedJobEvent } from "@/api/types";
import { warnOnce } from "@/lib/warnOnce";
import { connection } from "@/model/live/session";
import { backoff } from "@/model/live/protocol";
import { useLive } from "@/model/live/store";

type Listener = (event: NumberedJobEvent) => void;

/** How long the socket may take to reconnect before server-sent events are used. */
const SOCKET_TIMEOUT_MS = 1500;

export function followJob(jobId: Id, onEvent: Listener): () => void {
  let after: number | undefined;
  let over = false;
  let eventStream: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let unwatch = () => {};

  const deliver: Listener = (event) => {
    if (over || (after !== undefined && event.id <= after)) return;
    after = event.id;
    onEvent(event);
    if (event.event === "result") stop();
  };

  const choose = () => {
    clearTimeout(timer);
    unwatch();
    unwatch = connection()?.watch(jobId, after, deliver) ?? (() => {});
    const { link } = useLive.getState();
    if (link === "open") eventStream?.abort();
    else timer = setTimeout(() => void readEventStream(), link === "blocked" ? 0 : SOCKET_TIMEOUT_MS);
  };

  const readEventStream = async () => {
    eventStream = new AbortController();
    for (let attempt = 0; !over && !eventStream.signal.aborted; attempt++) {
      try {
        for await (const event of readEvents(await api.events(jobId, after, eventStream.signal))) {
          const parsed = parseJobEvent({ id: Number(event.id), event: event.event, data: parseJson(event.data) });
          if (parsed.ok) {
            attempt = 0;
            deliver(parsed.value);
          } else if (parsed.reason === "malformed") throw new Error(parsed.detail);
          else warnOnce(`The server sent an event of an unknown type, which is ignored: ${parsed.detail}`);
        }
      } catch {
        // Cut off, or not readable: the next attempt resumes after the last event.
      }
      if (!over && !eventStream.signal.aborted) await new Promise((resolve) => setTimeout(resolve, backoff(attempt)));
    }
  };

  const stopListening = useLive.subscribe((state, before) => {
    if ((state.link === "open") !== (before.link === "open")) choose();
  });
  const stop = () => {
    over = true;
    clearTimeout(timer);
    stopListening();
    unwatch();
    eventStream?.abort();
  };
  choose();
  return stop;
}
