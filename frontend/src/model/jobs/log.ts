/**
 * A job's output as text. Accepts events in any chunks, drops bytes it has seen (by offset), starts
 * over with a new attempt, and keeps only the tail of a long output.
 */
import type { OutputEvent } from "@/api/types";
import { bytes } from "@/lib/format";
import { utf8Length } from "@/lib/utf8";

export type LogListener = (text: string | null) => void;

const KEEP_CHARACTERS = 4_000_000;
type Stream = OutputEvent["stream"];

interface Side {
  next: number;
  decoder: TextDecoder;
}

const side = (): Side => ({ next: 0, decoder: new TextDecoder() });
const encoder = new TextEncoder();

export class OutputLog {
  attempt = 0;
  /** Bytes received of both streams. */
  bytes = 0;
  /** Characters dropped from the front. */
  dropped = 0;
  private chunks: string[] = [];
  private kept = 0;
  private sides: Record<Stream, Side> = { stdout: side(), stderr: side() };
  private listeners = new Set<LogListener>();

  /** Calls back with every new text; null means that the output starts over. */
  listen(listener: LogListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  text(): string {
    return this.chunks.join("");
  }

  push(event: OutputEvent): void {
    this.enterAttempt(event.attempt ?? this.attempt);
    if ((event.attempt ?? this.attempt) < this.attempt) return;
    const side = this.sides[event.stream];
    const raw = event.encoding === "base64" ? fromBase64(event.data) : null;
    const length = raw?.length ?? utf8Length(event.data);
    const seen = Math.max(0, side.next - event.offset);
    if (seen >= length) return;
    const missing = event.offset - side.next;
    if (missing > 0) this.append(notice(`${bytes(missing)} of ${event.stream} not shown; download the output to read everything`));
    side.next = event.offset + length;
    this.bytes += length - seen;
    // Nearly always the text is complete and new, and needs no decoding.
    if (!raw && !seen) this.append(side.decoder.decode() + event.data);
    else this.append(side.decoder.decode((raw ?? encoder.encode(event.data)).subarray(seen), { stream: true }));
  }

  /** A higher attempt means that the output starts again. */
  enterAttempt(attempt: number): void {
    if (attempt <= this.attempt) return;
    const again = this.attempt > 0 && this.bytes > 0;
    this.attempt = attempt;
    if (!again) return;
    this.clear();
    this.append(notice(`attempt ${attempt}: the worker was lost, so the program runs again`));
  }

  note(text: string): void {
    this.append(notice(text));
  }

  private clear(): void {
    this.chunks = [];
    this.kept = this.bytes = this.dropped = 0;
    this.sides = { stdout: side(), stderr: side() };
    for (const listener of this.listeners) listener(null);
  }

  private append(text: string): void {
    if (!text) return;
    this.chunks.push(text);
    this.kept += text.length;
    while (this.kept > KEEP_CHARACTERS && this.chunks.length > 1) {
      const first = this.chunks.shift()!;
      this.kept -= first.length;
      this.dropped += first.length;
    }
    for (const listener of this.listeners) listener(text);
  }
}

function notice(text: string): string {
  return `\r\n\x1b[2m── ${text} ──\x1b[0m\r\n`;
}

function fromBase64(data: string): Uint8Array {
  const binary = atob(data);
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** Text without escape sequences and with plain line ends. */
export function plain(text: string): string {
  return text.replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g, "").replace(/\r\n?/g, "\n");
}
