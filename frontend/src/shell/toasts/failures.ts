/** One message about all that an action on several entries could not do. */
import type { BulkFailure } from "@/api/types";
import { count } from "@/lib/format";
import { basename } from "@/lib/path";
import { toast } from "./store";

const NAMED = 3;

/** `done` is a participle: deleted, moved. */
export function failureText(done: string, failed: readonly BulkFailure[], total: number): { text: string; detail: string } {
  const what = total === 1 ? basename(failed[0]!.path) : `${failed.length.toLocaleString("en")} of ${count(total, "item")}`;
  const reasons = new Set(failed.map(({ detail }) => detail));
  const names = failed.slice(0, NAMED).map(({ path, detail }) => (reasons.size > 1 ? `${path}: ${detail}` : path));
  const more = failed.length > NAMED ? ` and ${(failed.length - NAMED).toLocaleString("en")} more` : "";
  const named = names.join(", ") + more;
  const detail = reasons.size > 1 ? named : total === 1 ? failed[0]!.detail : `${named}: ${failed[0]!.detail}`;
  return { text: `${what} could not be ${done}`, detail };
}

export function tellFailures(done: string, failed: readonly BulkFailure[], total: number): void {
  if (!failed.length) return;
  const { text, detail } = failureText(done, failed, total);
  toast(text, { tone: "error", detail });
}
