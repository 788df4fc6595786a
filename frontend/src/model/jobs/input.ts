/**
 * What is typed into running programs. The server confirms how many bytes it has taken; what is not confirmed is sent
 * again, after a reconnect too. Each byte carries its offset, so that nothing is typed twice.
 */
import type { ClientMessage, Id, ServerMessage } from "@/api/types";
import { randomId } from "@/lib/random";

type Send = (message: ClientMessage) => void;

/** Bytes that wait for a program that does not read. Input beyond this is refused. */
const MAX_PENDING = 1_000_000;
const MAX_MESSAGE = 16_000;
/** The pause between two messages: keys that come faster share one. */
const PAUSE_MS = 40;
/** Until input is sent again that was not taken, or not answered. */
const RETRY_MS = 200;
const ANSWER_MS = 4_000;

/** Codes after which the program will never take input. */
const FINAL = new Set(["input_closed", "job_finished", "not_found"]);

const encoder = new TextEncoder();

/** The input of one program. */
export class JobInput {
  readonly source = randomId();
  closed = false;
  private pending = new Uint8Array();
  /** The offset of the first pending byte. */
  private offset = 0;
  private size: { rows: number; cols: number } | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private waiting = false;

  constructor(
    private readonly jobId: Id,
    private readonly post: Send,
  ) {}

  /** Queues text; false when the program takes none, or has too much waiting. */
  type(text: string): boolean {
    const bytes = encoder.encode(text);
    if (this.closed || this.pending.length + bytes.length > MAX_PENDING) return false;
    const all = new Uint8Array(this.pending.length + bytes.length);
    all.set(this.pending);
    all.set(bytes, this.pending.length);
    this.pending = all;
    if (!this.waiting) this.schedule(0);
    return true;
  }

  /** Reports the size of the screen that shows the program. */
  resize(rows: number, cols: number): void {
    this.size = { rows, cols };
    if (!this.closed) this.sendSize();
  }

  /** Handles an answer of the server. */
  answer(message: Extract<ServerMessage, { type: "run.input_taken" | "run.input_refused" }>): void {
    if (message.type === "run.input_refused") {
      if (FINAL.has(message.code)) return this.close();
      this.waiting = true;
      return this.schedule(RETRY_MS);
    }
    if (message.source !== this.source) return;
    const taken = Math.min(Math.max(message.offset - this.offset, 0), this.pending.length);
    this.pending = this.pending.slice(taken);
    this.offset += taken;
    this.waiting = this.pending.length > 0;
    if (this.waiting) this.schedule(taken ? PAUSE_MS : RETRY_MS);
  }

  /** Sends what was not confirmed: the connection is new, or the program has just started. */
  resend(): void {
    if (this.closed) return;
    this.sendSize();
    if (this.pending.length) this.schedule(0);
  }

  close(): void {
    this.closed = true;
    this.pending = new Uint8Array();
    clearTimeout(this.timer);
  }

  private sendSize(): void {
    if (this.size) this.post({ type: "run.resize", job_id: this.jobId, ...this.size });
  }

  private schedule(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), ms);
  }

  private send(): void {
    if (this.closed || !this.pending.length) return;
    this.waiting = true;
    const data = this.pending.slice(0, MAX_MESSAGE);
    this.post({ type: "run.input", job_id: this.jobId, source: this.source, offset: this.offset, ...encoded(data) });
    this.schedule(ANSWER_MS);
  }
}

/** A part may begin or end within a character; then it travels as base64. */
function encoded(data: Uint8Array): { data: string; encoding: "utf-8" | "base64" } {
  try {
    return { data: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data), encoding: "utf-8" };
  } catch {
    return { data: btoa(String.fromCharCode(...data)), encoding: "base64" };
  }
}

const inputs = new Map<Id, JobInput>();
const MAX_INPUTS = 100;
let post: Send = () => {};

/** Tells how messages reach the server. */
export function sendInputsBy(send: Send): void {
  post = send;
}

export function inputOf(jobId: Id): JobInput {
  let input = inputs.get(jobId);
  if (!input) {
    if (inputs.size >= MAX_INPUTS) inputs.delete(inputs.keys().next().value!);
    inputs.set(jobId, (input = new JobInput(jobId, (message) => post(message))));
  }
  return input;
}

export function onInputMessage(message: ServerMessage): void {
  if (message.type === "run.input_taken" || message.type === "run.input_refused") inputs.get(message.job_id)?.answer(message);
}

/** Sends again what no one has confirmed; of one job, or of all after a reconnect. */
export function resendInputs(jobId?: Id): void {
  if (jobId) inputs.get(jobId)?.resend();
  else for (const input of inputs.values()) input.resend();
}

export function closeInput(jobId: Id): void {
  inputs.get(jobId)?.close();
  inputs.delete(jobId);
}
