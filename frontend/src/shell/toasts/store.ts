/** Notifications. Errors stay longer than others. */
import { create } from "zustand";
import { messageOf } from "@/api/problem";

export type Tone = "info" | "success" | "error";

export interface Toast {
  id: number;
  tone: Tone;
  text: string;
  detail?: string;
  /** 0 to 1: shows a bar and keeps the notification open. */
  progress?: number;
  action?: { label: string; run(): void };
}

interface ToastState {
  toasts: Toast[];
}

const MAX_SHOWN = 4;
const SHOWN_MS: Record<Tone, number> = { info: 4000, success: 3500, error: 9000 };

export const useToasts = create<ToastState>(() => ({ toasts: [] }));

let nextId = 1;
const timers = new Map<number, ReturnType<typeof setTimeout>>();

export function toast(text: string, options: Partial<Omit<Toast, "id" | "text">> & { ms?: number } = {}): number {
  const { ms, ...rest } = options;
  const item: Toast = { id: nextId++, tone: "info", text, ...rest };
  useToasts.setState(({ toasts }) => ({ toasts: fitting([...toasts, item]) }));
  if (item.progress === undefined) expire(item.id, ms ?? SHOWN_MS[item.tone]);
  return item.id;
}

/** Drops the oldest where there are too many; those in progress stay. */
function fitting(toasts: Toast[]): Toast[] {
  let over = toasts.length - MAX_SHOWN;
  return toasts.filter(({ progress }) => progress !== undefined || over-- <= 0);
}

export function update(id: number, change: Partial<Omit<Toast, "id">>): void {
  useToasts.setState(({ toasts }) => ({
    toasts: toasts.map((item) => (item.id === id ? { ...item, ...change } : item)),
  }));
  if ("progress" in change && change.progress === undefined) expire(id, SHOWN_MS[change.tone ?? "info"]);
}

export function dismiss(id: number): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((item) => item.id !== id) }));
}

export function fail(what: string, error: unknown): void {
  toast(what, { tone: "error", detail: messageOf(error) });
}

function expire(id: number, ms: number): void {
  clearTimeout(timers.get(id));
  timers.set(
    id,
    setTimeout(() => dismiss(id), ms),
  );
}
