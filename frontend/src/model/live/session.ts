/** Holds the live connection of the open project and passes its messages on. */
import { auth } from "@/api/client";
import { API, setConnectionId } from "@/api/http";
import { ApiError } from "@/api/problem";
import type { Id, ServerMessage } from "@/api/types";
import { LiveConnection } from "./connection";
import { useLive } from "./store";

export interface LiveHandlers {
  /** The connection is open. With a snapshot all state must be read again. */
  welcome(snapshot: boolean, first: boolean): void;
  /** `own`: this tab made the change. */
  message(message: ServerMessage, own: boolean): void;
}

let current: LiveConnection | null = null;

export function connection(): LiveConnection | null {
  return current;
}

export function connect(projectId: Id, handlers: LiveHandlers): () => void {
  let first = true;
  const live = new LiveConnection({
    ticket: async () => (await auth.ticket()).ticket,
    url: (ticket) => socketUrl(projectId, ticket),
    refused: (error) => error instanceof ApiError && (error.status === 401 || error.status === 404),
    link: (link, rtt) => useLive.setState({ link, ...(rtt === null ? {} : { rtt }) }),
    message: (message) => {
      if (message.type === "welcome") {
        setConnectionId(message.conn_id);
        useLive.setState({ connId: message.conn_id, presence: message.presence });
        handlers.welcome(message.snapshot, first);
        first = false;
      }
      if (message.type === "presence") useLive.setState({ presence: message.presence });
      const own = message.type === "file" && Boolean(message.by) && message.by === useLive.getState().connId;
      handlers.message(message, own);
    },
  });
  current = live;
  live.start();
  const followNetwork = () => useLive.setState({ online: navigator.onLine });
  followNetwork();
  window.addEventListener("online", followNetwork);
  window.addEventListener("offline", followNetwork);
  return () => {
    live.stop();
    window.removeEventListener("online", followNetwork);
    window.removeEventListener("offline", followNetwork);
    if (current === live) current = null;
    setConnectionId(null);
    useLive.setState({ link: "off", rtt: null, connId: null, presence: [] });
  };
}

function socketUrl(projectId: Id, ticket: string): string {
  const scheme = window.location.protocol === "https:" ? "wss:" : "ws:";
  const path = `${API}/code/${encodeURIComponent(projectId)}/session`;
  return `${scheme}//${window.location.host}${path}?ticket=${encodeURIComponent(ticket)}`;
}

/** Sends this tab's cursor position to the others, at most four times a second. */
export const sendPresence = throttle((fileId: Id | null, line: number, column: number) => {
  current?.send({ type: "presence", ...(fileId ? { file_id: fileId, line, column } : {}) });
}, 250);

function throttle<A extends unknown[]>(work: (...values: A) => void, ms: number): (...values: A) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let latest: A;
  return (...values) => {
    latest = values;
    timer ??= setTimeout(() => {
      timer = undefined;
      work(...latest);
    }, ms);
  };
}
