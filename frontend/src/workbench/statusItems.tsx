"use client";
import { cx } from "@/lib/cx";
import { indexLabel, useIndexStatus } from "@/model/indexStatus";
import type { Link } from "@/model/live/connection";
import { useLive } from "@/model/live/store";
import { StatusText } from "@/ui/StatusItem";

/** What the light says, and what it means. */
function connectionLabel({ link, online, rtt }: { link: Link | "off"; online: boolean; rtt: number | null }): {
  text: string;
  tip: string;
} {
  if (link === "open")
    return { text: "Connected", tip: rtt === null ? "Changes and runs arrive live" : `Live; a round trip takes ${milliseconds(rtt)}` };
  if (!online) return { text: "Offline", tip: "What you write is kept here and sent when the network is back" };
  if (link === "blocked")
    return {
      text: "No live line",
      tip: "This network lets no WebSocket through: runs come another way, changes by others every 15 seconds",
    };
  if (link === "waiting") return { text: "Reconnecting…", tip: "The server does not answer; what you write is kept here until it does" };
  return { text: "Connecting…", tip: "The live line is being opened" };
}

const milliseconds = (time: number) => `${time < 1 ? "<1" : Math.round(time)} ms`;

export function ConnectionStatus() {
  const live = useLive();
  const open = live.link === "open";
  const { text, tip } = connectionLabel(live);
  return (
    <StatusText role="status" aria-label={`Connection: ${text}`} data-tip={tip}>
      <span
        aria-hidden
        className={cx("size-[7px] rounded-full", open ? "bg-good" : live.online ? "animate-[pulse-light_1.4s_infinite] bg-warn" : "bg-bad")}
      />
      <span className={cx(open && "max-sm:hidden")}>{text}</span>
      {open && live.rtt !== null && <span className="text-faint">{milliseconds(live.rtt)}</span>}
    </StatusText>
  );
}

/** How fresh the search index is. */
export function IndexStatus() {
  const label = indexLabel(useIndexStatus());
  if (!label) return null;
  return (
    <StatusText className={cx("max-sm:hidden", label.behind && "text-warn")} role="status" data-tip={label.tip}>
      {label.text}
    </StatusText>
  );
}
