/**
 * Synchronises one file between the editor and the server. It never overwrites a version it has not seen:
 * each save names the version it started from, and a refusal (412) becomes a conflict that a person
 * resolves. The text lives in the editor; this holds only what the server is known to have.
 */
import { ApiError, OfflineError } from "@/api/problem";
import type { FileEntry, Id } from "@/api/types";
import { backoff } from "@/model/live/protocol";
import { mergeApart } from "./merge";

/** The content's hash. Every file has one, although the OpenAPI document allows null. */
export type Etag = FileEntry["etag"];

export type Phase = "clean" | "dirty" | "saving" | "offline" | "retrying" | "conflict" | "gone" | "failed";

export interface Conflict {
  base: string;
  theirs: string;
  etag: Etag;
  /** They saved again while the conflict was open. */
  renewed?: boolean;
}

/** What a document needs from its surroundings. */
export interface Port {
  read(id: Id): Promise<FileEntry>;
  write(id: Id, text: string, etag: Etag): Promise<FileEntry>;
  /** The current text, and a number that is equal whenever the text is equal. */
  text(): string;
  version(): number;
  replace(text: string): void;
  /** The phase or the text changed. */
  changed(sync: DocumentSync): void;
  schedule(): void;
  /** Save again after this time, whether or not changes are saved by themselves. */
  retry(ms: number): void;
  failed(error: unknown): void;
}

/** Failures in a row after which a person is told; until then the status is enough. */
const QUIET_FAILURES = 3;

/** How often one save takes in what others saved meanwhile. */
const MAX_MERGES = 5;

const isStale = (error: unknown) => error instanceof ApiError && error.status === 412;

/** Whether the same request may succeed later. */
function isTransient(error: unknown): boolean {
  return error instanceof ApiError && (error.status >= 500 || error.status === 408 || error.status === 429);
}

export class DocumentSync {
  phase: Phase = "clean";
  conflict: Conflict | null = null;
  private cleanVersion: number;
  private saving: Promise<boolean> | null = null;
  private pull: Promise<void> | null = null;
  private failures = 0;
  /** A decided merge is being saved. */
  private resolving = false;

  constructor(
    readonly fileId: Id,
    /** The text the server has under `etag`. */
    public base: string,
    public etag: Etag,
    private readonly port: Port,
  ) {
    this.cleanVersion = port.version();
  }

  get dirty(): boolean {
    return this.phase !== "clean";
  }

  /** The text was edited; an undo may have restored the saved text. */
  edited(): void {
    if (this.phase === "conflict" || this.phase === "saving") return;
    // Reported again, so that the draft is updated.
    if (this.phase === "gone") return this.setPhase("gone");
    const clean = this.port.version() === this.cleanVersion;
    const waiting = this.phase === "offline" || this.phase === "retrying";
    this.setPhase(clean ? "clean" : waiting ? this.phase : "dirty");
    if (!clean) this.port.schedule();
  }

  /** The same text is to be stored in another way. */
  touched(): void {
    this.cleanVersion = -1;
    this.edited();
  }

  /** The server's text is the same bytes, read in another way. */
  reread(text: string, etag: Etag): void {
    this.port.replace(text);
    this.markSaved(text, etag, this.port.version());
  }

  /** Saves the text; true when the server has all of it. */
  save(): Promise<boolean> {
    if (this.phase === "conflict" || this.phase === "gone") return Promise.resolve(false);
    if (this.phase === "clean") return Promise.resolve(true);
    this.saving ??= this.send().finally(() => (this.saving = null));
    return this.saving;
  }

  private async send(): Promise<boolean> {
    for (let merges = 0; !(await this.sendOnce()); merges++) {
      // Refused, because others have saved: what does not touch our changes is taken in, and the result is sent.
      if (this.phase !== "saving" || merges === MAX_MERGES || !(await this.takeIn())) break;
    }
    if (this.phase === "clean") return true;
    // The text changed during the request.
    if (this.phase === "dirty" || this.phase === "saving") this.waitToSave();
    return false;
  }

  /** False when the server did not take the text; the phase stays `saving` when it has another version. */
  private async sendOnce(): Promise<boolean> {
    const text = this.port.text();
    const version = this.port.version();
    this.setPhase("saving");
    try {
      const entry = await this.port.write(this.fileId, text, this.etag);
      this.markSaved(text, entry.etag, version);
      return true;
    } catch (error) {
      if (!isStale(error)) this.onFailed(error);
      return false;
    }
  }

  private waitToSave(): void {
    this.setPhase("dirty");
    this.port.schedule();
  }

  private markSaved(text: string, etag: Etag, version: number): void {
    this.base = text;
    this.etag = etag;
    this.cleanVersion = version;
    this.failures = 0;
    this.setPhase(this.port.version() === version ? "clean" : "dirty");
  }

  private onFailed(error: unknown): void {
    if (error instanceof OfflineError) return this.tryAgain("offline");
    if (isTransient(error)) {
      if (this.failures + 1 === QUIET_FAILURES) this.port.failed(error);
      return this.tryAgain("retrying");
    }
    this.setPhase(error instanceof ApiError && error.status === 404 ? "gone" : "failed");
    this.port.failed(error);
  }

  private tryAgain(phase: "offline" | "retrying"): void {
    this.setPhase(phase);
    this.port.retry(backoff(this.failures++));
  }

  /** Merges the other version into the text; where both touch the same lines, opens a conflict and returns false. */
  private async takeIn(): Promise<boolean> {
    try {
      const { content, etag } = await this.port.read(this.fileId);
      return this.mergeWith(content ?? "", etag);
    } catch (error) {
      this.onFailed(error);
      return false;
    }
  }

  private mergeWith(theirs: string, etag: Etag): boolean {
    const mine = this.port.text();
    if (theirs === mine) {
      this.markSaved(theirs, etag, this.port.version());
      return false;
    }
    const merged = mergeApart(this.base, mine, theirs);
    if (merged === null) {
      this.conflict = { base: this.base, theirs, etag, renewed: this.resolving };
      this.setPhase("conflict");
      return false;
    }
    this.base = theirs;
    this.etag = etag;
    this.cleanVersion = -1;
    this.port.replace(merged);
    return true;
  }

  /** Replaces the text by the merged one and saves it on top of the version that was merged in. */
  async resolve(merged: string): Promise<boolean> {
    if (!this.conflict) return true;
    this.base = this.conflict.theirs;
    this.etag = this.conflict.etag;
    this.conflict = null;
    this.cleanVersion = -1;
    this.port.replace(merged);
    this.setPhase("dirty");
    this.resolving = true;
    return this.save().finally(() => (this.resolving = false));
  }

  /** Discards the local text in favour of the server's. */
  takeTheirs(): void {
    if (!this.conflict) return;
    const { theirs, etag } = this.conflict;
    this.conflict = null;
    this.port.replace(theirs);
    this.markSaved(theirs, etag, this.port.version());
  }

  /** Someone else deleted the file: there is nothing left to save to. */
  markDeleted(): void {
    this.setPhase("gone");
  }

  /** Someone else saved. A clean document follows, an open conflict is renewed, and a dirty one merges at its next save. */
  remote(etag: Etag): Promise<void> {
    const known = this.conflict ?? this;
    if (etag === known.etag || (this.phase !== "clean" && this.phase !== "conflict")) return Promise.resolve();
    this.pull ??= this.pullRemote().finally(() => (this.pull = null));
    return this.pull;
  }

  private async pullRemote(): Promise<void> {
    try {
      const entry = await this.port.read(this.fileId);
      if (this.conflict) return this.renewConflict(entry);
      if (this.phase !== "clean" || entry.etag === this.etag) return;
      this.port.replace(entry.content ?? "");
      this.markSaved(entry.content ?? "", entry.etag, this.port.version());
    } catch (error) {
      if (!(error instanceof OfflineError)) this.port.failed(error);
    }
  }

  private renewConflict({ content, etag }: FileEntry): void {
    if (!this.conflict || etag === this.conflict.etag) return;
    this.conflict = { ...this.conflict, theirs: content ?? "", etag, renewed: true };
    this.port.changed(this);
  }

  /** Restores a draft from an earlier visit. */
  async restore(text: string, base: string, etag: Etag): Promise<void> {
    const theirs = this.base;
    const now = this.etag;
    const moved = etag !== now;
    const merged = moved ? mergeApart(base, text, theirs) : text;
    this.port.replace(merged ?? text);
    this.cleanVersion = -1;
    if (text === theirs) return this.markSaved(theirs, now, this.port.version());
    if (merged !== null) return this.waitToSave();
    this.conflict = { base, theirs, etag: now };
    this.setPhase("conflict");
  }

  private setPhase(phase: Phase): void {
    this.phase = phase;
    this.port.changed(this);
  }
}
