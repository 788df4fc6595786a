/** The pure part of the session socket: resuming, backoff and round-trip times. */
import type { ClientMessage, ServerMessage } from "@/api/types";

export interface Resume {
  epoch?: string;
  lastSeq?: number;
}

export function hello({ epoch, lastSeq }: Resume): ClientMessage {
  return lastSeq === undefined ? { type: "hello" } : { type: "hello", last_seq: lastSeq, epoch };
}

/** Where to resume after a message. A snapshot starts over; otherwise the missed messages follow and advance the position. */
export function advance(resume: Resume, message: ServerMessage): Resume {
  if (message.type === "welcome") {
    const fresh = message.snapshot || resume.lastSeq === undefined || resume.epoch !== message.epoch;
    return { epoch: message.epoch, lastSeq: fresh ? message.seq : resume.lastSeq };
  }
  if ("seq" in message) return { ...resume, lastSeq: Math.max(resume.lastSeq ?? 0, message.seq) };
  return resume;
}

/** Whether a numbered message was received before. */
export function isRepeat(resume: Resume, message: ServerMessage): boolean {
  if (message.type === "welcome" || !("seq" in message)) return false;
  return resume.lastSeq !== undefined && message.seq <= resume.lastSeq;
}

const FIRST_MS = 300;
const LONGEST_MS = 15_000;

/** Exponential backoff with jitter, so that not all clients reconnect to a restarted server at once. */
export function backoff(attempt: number, random = Math.random()): number {
  const base = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return Math.round(base * (0.6 + 0.8 * random));
}

/** The number of round trips that the median is taken of. */
export const SAMPLES = 5;

export function sample(times: readonly number[], next: number): number[] {
  return [...times, next].slice(-SAMPLES);
}

export function median(times: readonly number[]): number | null {
  if (!times.length) return null;
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
}
