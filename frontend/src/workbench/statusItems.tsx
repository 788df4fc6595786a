"use client";
import { cx } from "@/lib/cx";
import type { Link } from "@/model/live/connection";
import { useLive } from "@/model/live/store";
import { StatusText } from "@/ui/StatusItem";

/** The text and the tooltip for the state of the connection. */
function connectionLabel({ link, online, rtt }: { link: Link | "off"; online: boolean; rtt: number | null }): {
  text: string;
  tip: string;
} {
  if (link === "open")
    return { text: "Connected", tip: rtt === null ? "Changes and runs appear at once" : `Connected. Round trip: ${milliseconds(rtt)}` };
  if (!online) return { text: "Offline", tip: "Your changes are kept in this browser and saved when the network is back" };
  if (link === "blocked")
    return {
      text: "No live connection",
      tip: "WebSockets are blocked on this network. Output still streams; changes by others appear every 15 seconds.",
    };
  if (link === "waiting")
    return { text: "Reconnecting…", tip: "The server does not answer. Your changes are kept in this browser until it does." };
  return { text: "Connecting…", tip: "Connecting to the server" };
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
