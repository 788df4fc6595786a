/** The pure part of the session socket: where to resume, how long to wait, what a round trip took. */
import type { ClientMessage, ServerMessage } from "@/api/types";

export interface Resume {
  epoch?: string;
  lastSeq?: number;
}

export function hello({ epoch, lastSeq }: Resume): ClientMessage {
  return lastSeq === undefined ? { type: "hello" } : { type: "hello", last_seq: lastSeq, epoch };
}

/** Where to resume after a message. A snapshot starts anew; a tail counts as its messages come. */
export function advance(resume: Resume, message: ServerMessage): Resume {
  if (message.type === "welcome") {
    const fresh = message.snapshot || resume.lastSeq === undefined || resume.epoch !== message.epoch;
    return { epoch: message.epoch, lastSeq: fresh ? message.seq : resume.lastSeq };
  }
  if ("seq" in message) return { ...resume, lastSeq: Math.max(resume.lastSeq ?? 0, message.seq) };
  return resume;
}

/** True for a numbered message that has been seen already. */
export function isRepeat(resume: Resume, message: ServerMessage): boolean {
  if (message.type === "welcome" || !("seq" in message)) return false;
  return resume.lastSeq !== undefined && message.seq <= resume.lastSeq;
}

const FIRST_MS = 300;
const LONGEST_MS = 15_000;

/** Doubles up to a limit, spread so that a restarted server is not met by everyone at once. */
export function backoff(attempt: number, random = Math.random()): number {
  const base = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return Math.round(base * (0.6 + 0.8 * random));
}

/** So many round trips are looked at. */
export const SAMPLES = 5;

export function sample(times: readonly number[], next: number): number[] {
  return [...times, next].slice(-SAMPLES);
}

export function median(times: readonly number[]): number | null {
  if (!times.length) return null;
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
}
