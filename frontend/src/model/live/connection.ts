/**
 * The live connection of an open project. It reconnects after sleep, network loss or a server restart,
 * resumes where it was, and detects a dead connection by pings.
 */
import { parseServerMessage } from "@/api/messages";
import type { ClientMessage, Id, NumberedJobEvent, ServerMessage } from "@/api/types";
import { isTyping } from "@/lib/typing";
import { warnOnce } from "@/lib/warnOnce";
import { advance, backoff, hello, isRepeat, median, sample, SAMPLES, type Resume } from "./protocol";

/** `blocked`: the server issues tickets but no socket opens, as behind a proxy that blocks WebSockets. */
export type Link = "connecting" | "open" | "waiting" | "blocked";

export interface Hooks {
  ticket(): Promise<string>;
  url(ticket: string): string;
  link(link: Link, rtt: number | null): void;
  message(message: ServerMessage): void;
  /** Whether the server refuses this client, so that retrying is pointless. */
  refused(error: unknown): boolean;
}

type JobListener = (event: NumberedJobEvent) => void;
interface Watch {
  after: number | undefined;
  listeners: Set<JobListener>;
  /** Characters received since the last pause, and when that was. */
  received: number;
  since: number;
  pause?: ReturnType<typeof setTimeout>;
}

const PING_MS = 10_000;
/** The first round trips are slow because the page is starting, so more samples follow soon and the median corrects them. */
const EARLY_PING_MS = 1_000;
const PONG_TIMEOUT_MS = 8_000;
const OFFLINE_PONG_TIMEOUT_MS = 2_000;
/** After this many sockets in a row that closed before the welcome, WebSockets count as blocked. */
const MAX_FAILED_OPENS = 2;
/** This long after the last malformed message, reconnecting is fast again. */
const FORGIVEN_MS = 60_000;
/** Characters after which the watch of a job is paused: output that can't be shown costs both sides for nothing. */
const PAUSE_AFTER = 500_000;
const PAUSE_MS = 150;
/** Characters per millisecond accepted during a flood, including what is in flight at each pause. */
const FLOOD_RATE = 4_000;
/** The same while someone types: the browser and the sandbox may share the cores. */
const TYPING_FLOOD_RATE = 2_000;
/** Bytes of earlier output to request at most: what the console can scroll back over. */
const MAX_TAIL = 2_000_000;

export class LiveConnection {
  private socket: WebSocket | null = null;
  private resume: Resume = {};
  private attempt = 0;
  private failedOpens = 0;
  /** Recent malformed messages: each lengthens the backoff. */
  private malformed = 0;
  private malformedAt = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private pinger: ReturnType<typeof setTimeout> | undefined;
  private deadline: ReturnType<typeof setTimeout> | undefined;
  private times: number[] = [];
  private watches = new Map<Id, Watch>();
  private presence: ClientMessage | null = null;
  private welcomed = false;
  private stopped = false;

  constructor(private readonly hooks: Hooks) {}

  start(): void {
    window.addEventListener("online", this.reconnectNow);
    window.addEventListener("offline", this.checkNetwork);
    document.addEventListener("visibilitychange", this.onVisible);
    void this.connect();
  }

  stop(): void {
    this.stopped = true;
    window.removeEventListener("online", this.reconnectNow);
    window.removeEventListener("offline", this.checkNetwork);
    document.removeEventListener("visibilitychange", this.onVisible);
    clearTimeout(this.retry);
    this.closeSocket();
  }

  get open(): boolean {
    return this.welcomed;
  }

  send(message: ClientMessage): void {
    if (message.type === "presence") this.presence = message;
    if (this.welcomed) this.write(message);
  }

  /** Delivers a job's events after `after`, each once, across any number of reconnects. */
  watch(jobId: Id, after: number | undefined, listener: JobListener): () => void {
    const watch = this.watches.get(jobId) ?? { after, listeners: new Set<JobListener>(), received: 0, since: 0 };
    const first = watch.listeners.size === 0;
    watch.listeners.add(listener);
    this.watches.set(jobId, watch);
    if (first && this.welcomed) this.resumeWatch(jobId, watch);
    return () => {
      watch.listeners.delete(listener);
      if (watch.listeners.size || !this.watches.delete(jobId)) return;
      clearTimeout(watch.pause);
      if (this.welcomed) this.write({ type: "unwatch", job_id: jobId });
    };
  }

  /** Reconnects at once, regardless of the backoff. */
  reconnectNow = (): void => {
    if (this.stopped) return;
    if (this.socket) return this.ping();
    clearTimeout(this.retry);
    this.attempt = 0;
    void this.connect();
  };

  /** The browser reports that the network is lost; a ping verifies it. */
  private checkNetwork = (): void => {
    if (this.welcomed) this.ping(OFFLINE_PONG_TIMEOUT_MS);
  };

  private onVisible = (): void => {
    if (document.visibilityState === "visible") this.reconnectNow();
  };

  private async connect(): Promise<void> {
    if (this.stopped || this.socket) return;
    if (this.failedOpens < MAX_FAILED_OPENS) this.hooks.link("connecting", null);
    try {
      const ticket = await this.hooks.ticket();
      if (this.stopped || this.socket) return;
      this.attach(new WebSocket(this.hooks.url(ticket)));
    } catch (error) {
      if (this.hooks.refused(error)) this.stop();
      else this.reconnectLater();
    }
  }

  private attach(socket: WebSocket): void {
    this.socket = socket;
    this.expectMessage();
    socket.onopen = () => this.write(hello(this.resume));
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.read(data);
    };
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.closeSocket();
      this.reconnectLater();
    };
  }

  private read(text: string): void {
    clearTimeout(this.deadline);
    const parsed = parseServerMessage(text);
    if (parsed.ok) this.receive(parsed.value, text.length);
    else if (parsed.reason === "unknown") warnOnce(`The server sent a message of an unknown type, which is ignored: ${parsed.detail}`);
    else this.resync(parsed.detail);
  }

  /** The content of a malformed message is lost, so a new connection starts from a snapshot. */
  private resync(detail: string): void {
    warnOnce(`The server sent a message that can't be read; reconnecting (${detail})`);
    this.malformed++;
    this.malformedAt = performance.now();
    this.resume = {};
    this.closeSocket();
    this.reconnectLater();
  }

  private receive(message: ServerMessage, size: number): void {
    if (isRepeat(this.resume, message)) return;
    this.resume = advance(this.resume, message);
    if (message.type === "welcome") this.welcome();
    if (message.type === "pong") return this.pong(message.t);
    if (message.type === "event") return this.deliver(message.job_id, message, size);
    this.hooks.message(message);
  }

  private welcome(): void {
    this.welcomed = true;
    this.attempt = this.failedOpens = 0;
    this.hooks.link("open", median(this.times));
    for (const [jobId, watch] of this.watches) this.resumeWatch(jobId, watch);
    if (this.presence) this.write(this.presence);
    this.ping();
  }

  private deliver(jobId: Id, event: NumberedJobEvent, size: number): void {
    const watch = this.watches.get(jobId);
    if (!watch || (watch.after !== undefined && event.id <= watch.after)) return;
    watch.after = event.id;
    this.throttle(jobId, watch, size);
    for (const listener of watch.listeners) listener(event);
  }

  /** Pauses the watch during a flood. Messages in flight still arrive and count; after the pause the newest output is requested. */
  private throttle(jobId: Id, watch: Watch, size: number): void {
    const now = performance.now();
    if (now - watch.since > Math.max(PAUSE_MS, watch.received / FLOOD_RATE)) {
      watch.since = now;
      watch.received = 0;
    }
    watch.received += size;
    if (watch.received < PAUSE_AFTER || watch.pause !== undefined) return;
    this.write({ type: "unwatch", job_id: jobId });
    this.pauseWatch(jobId, watch);
  }

  private pauseWatch(jobId: Id, watch: Watch): void {
    watch.pause = setTimeout(() => {
      const rate = isTyping() ? TYPING_FLOOD_RATE : FLOOD_RATE;
      if (performance.now() - watch.since < watch.received / rate) this.pauseWatch(jobId, watch);
      else if (this.welcomed) this.resumeWatch(jobId, watch);
    }, PAUSE_MS);
  }

  private resumeWatch(jobId: Id, watch: Watch): void {
    clearTimeout(watch.pause);
    watch.pause = undefined;
    this.write({ type: "watch", job_id: jobId, after: watch.after, tail: MAX_TAIL });
  }

  /** Sends one ping; the next is scheduled after the answer. */
  private ping(timeout = PONG_TIMEOUT_MS): void {
    clearTimeout(this.pinger);
    this.write({ type: "ping", t: performance.now() });
    this.expectMessage(timeout);
  }

  private pong(sent: number): void {
    this.times = sample(this.times, performance.now() - sent);
    if (performance.now() - this.malformedAt > FORGIVEN_MS) this.malformed = 0;
    clearTimeout(this.pinger);
    this.pinger = setTimeout(() => this.ping(), this.times.length < SAMPLES ? EARLY_PING_MS : PING_MS);
    this.hooks.link("open", median(this.times));
  }

  /** Closes the connection unless a message arrives in time. */
  private expectMessage(timeout = PONG_TIMEOUT_MS): void {
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => {
      this.closeSocket();
      this.reconnectLater();
    }, timeout);
  }

  private write(message: ClientMessage): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private closeSocket(): void {
    clearTimeout(this.pinger);
    clearTimeout(this.deadline);
    const socket = this.socket;
    if (socket && !this.welcomed) this.failedOpens++;
    this.socket = null;
    this.welcomed = false;
    if (socket) {
      socket.onclose = socket.onmessage = socket.onopen = null;
      socket.close();
    }
  }

  private reconnectLater(): void {
    if (this.stopped) return;
    this.hooks.link(this.failedOpens < MAX_FAILED_OPENS ? "waiting" : "blocked", null);
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.connect(), backoff(Math.max(this.attempt++, this.malformed)));
  }
}
