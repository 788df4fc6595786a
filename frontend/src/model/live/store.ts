/** The state of the live connection, for views. */
import { create } from "zustand";
import type { Presence } from "@/api/types";
import type { Link } from "./connection";

interface LiveState {
  link: Link | "off";
  rtt: number | null;
  connId: string | null;
  presence: Presence[];
  online: boolean;
}

export const useLive = create<LiveState>(() => ({
  link: "off",
  rtt: null,
  connId: null,
  presence: [],
  online: true,
}));

/** Everyone present except this tab. */
export function others(state: LiveState): Presence[] {
  return state.presence.filter((person) => person.conn_id !== state.connId);
}
