import { Ban, CircleCheck, CircleX, Clock, LoaderCircle, TimerOff, Unplug, type LucideIcon } from "lucide-react";
import type { JobState } from "@/api/types";
import { cx } from "@/lib/cx";
import { STATE_WORDS } from "@/model/jobs/labels";

const LOOKS: Record<JobState, [LucideIcon, string]> = {
  queued: [Clock, "text-muted"],
  running: [LoaderCircle, "text-link motion-safe:animate-spin"],
  succeeded: [CircleCheck, "text-good"],
  failed: [CircleX, "text-bad"],
  cancelled: [Ban, "text-muted"],
  timed_out: [TimerOff, "text-warn"],
  lost: [Unplug, "text-bad"],
};

export function StateIcon({ state, size = 15 }: { state: JobState; size?: number }) {
  const [Icon, look] = LOOKS[state];
  return <Icon size={size} role="img" aria-label={STATE_WORDS[state]} className={cx("shrink-0", look)} />;
}
