import { Ban, CircleCheck, CircleX, Clock, LoaderCircle, TimerOff, Unplug, type LucideIcon } from "lucide-react";
import { cx } from "@/lib/cx";

const LOOKS = {
  queued: [Clock, "text-muted"],
  running: [LoaderCircle, "text-link motion-safe:animate-spin"],
  succeeded: [CircleCheck, "text-good"],
  failed: [CircleX, "text-bad"],
  cancelled: [Ban, "text-muted"],
  timed_out: [TimerOff, "text-warn"],
  lost: [Unplug, "text-bad"],
} satisfies Record<string, [LucideIcon, string]>;

/** The icon of a job state. */
export function StateIcon({ state, label, size = 15 }: { state: keyof typeof LOOKS; label: string; size?: number }) {
  const [Icon, look] = LOOKS[state] ?? LOOKS.queued;
  return <Icon size={size} role="img" aria-label={label} className={cx("shrink-0", look)} />;
}
