/** Calls on many files at once, one after another: what is asked first is done first. */
import { bulk as call } from "@/api/client";
import { ApiError, messageOf } from "@/api/problem";
import type { BulkAnswer, BulkFailure, BulkRequest, Id, OnConflict } from "@/api/types";

/** The API takes no more paths in one call. */
export const MAX_PATHS = 10_000;

export interface BulkOutcome {
  done: BulkAnswer["done"];
  failed: BulkFailure[];
  /** What went into the trash, one for each call that put something there. */
  deletions: Id[];
}

let last: Promise<unknown> = Promise.resolve();

/** Runs work on files after all that was asked before. */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const next = last.then(work);
  last = next.catch(() => {});
  return next;
}

/** Waits until the server has done all that was asked. */
export async function filesSettled(): Promise<void> {
  await last;
}

/** Does what can be done. A call that is refused as a whole has failed for each of its paths. */
export async function bulk(projectId: Id, request: BulkRequest): Promise<BulkOutcome> {
  const outcome: BulkOutcome = { done: [], failed: [], deletions: [] };
  for (let from = 0; from < request.paths.length; from += MAX_PATHS) {
    const paths = request.paths.slice(from, from + MAX_PATHS);
    try {
      const { done, failed, deletion_id } = await call(projectId, { ...request, paths });
      outcome.done.push(...done);
      outcome.failed.push(...failed);
      if (deletion_id) outcome.deletions.push(deletion_id);
    } catch (error) {
      const code = error instanceof ApiError ? error.code : "";
      outcome.failed.push(...paths.map((path) => ({ path, code, detail: messageOf(error) })));
    }
  }
  return outcome;
}

/** What a person decides about names that are taken; null leaves them out. */
export type AskConflicts = (paths: readonly string[]) => Promise<Exclude<OnConflict, "fail"> | null>;

/**
 * Tries without replacing anything, asks about names that are taken, and tries those again as decided. `attempt` is given
 * the paths of the second time only.
 */
export async function askingConflicts(
  attempt: (onConflict: OnConflict, again?: readonly string[]) => Promise<BulkOutcome>,
  ask: AskConflicts,
): Promise<BulkOutcome> {
  const first = await attempt("fail");
  const taken = first.failed.filter(({ code }) => code === "conflict").map(({ path }) => path);
  if (!taken.length) return first;
  const decision = await ask(taken);
  const second = decision ? await attempt(decision, taken) : { done: [], failed: [], deletions: [] };
  return {
    done: [...first.done, ...second.done],
    failed: [...first.failed.filter(({ code }) => code !== "conflict"), ...second.failed],
    deletions: [...first.deletions, ...second.deletions],
  };
}
