"use client";
import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { IconButton } from "@/ui/Button";
import { cx } from "@/lib/cx";
import { dismiss, useToasts, type Toast, type Tone } from "./store";

const ICONS = { info: Info, success: CircleCheck, error: CircleAlert };
const COLOURS: Record<Tone, string> = { info: "text-link", success: "text-good", error: "text-bad" };

export function Toasts() {
  const toasts = useToasts((state) => state.toasts);
  return (
    <div
      role="region"
      aria-label="Notifications"
      className="pointer-events-none fixed right-3 bottom-9 z-45 flex w-[min(360px,calc(100vw-24px))] flex-col gap-2"
    >
      {toasts.map((item) => (
        <Card key={item.id} item={item} />
      ))}
    </div>
  );
}

function Card({ item }: { item: Toast }) {
  const Icon = ICONS[item.tone];
  return (
    <div
      role={item.tone === "error" ? "alert" : "status"}
      className="slide-in pointer-events-auto relative flex items-start gap-2.5 overflow-hidden rounded-lg bg-raised py-2 pr-2 pl-3 shadow-pop"
    >
      <Icon size={16} className={cx("mt-1 shrink-0", COLOURS[item.tone])} aria-hidden />
      <div className="min-w-0 flex-1 py-0.5">
        <p className="text-sm font-medium break-words">{item.text}</p>
        {item.detail && <p className="text-xs break-words text-muted">{item.detail}</p>}
      </div>
      {item.action && (
        <button
          type="button"
          className="h-7 rounded-md px-2 text-xs font-semibold text-link hover:bg-hover"
          onClick={() => {
            dismiss(item.id);
            item.action!.run();
          }}
        >
          {item.action.label}
        </button>
      )}
      {item.progress === undefined && <IconButton label="Dismiss" icon={X} size={14} onClick={() => dismiss(item.id)} />}
      {item.progress !== undefined && <Bar value={item.progress} label={item.text} />}
    </div>
  );
}

function Bar({ value, label }: { value: number; label: string }) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuenow={Math.round(value * 100)}
      aria-valuemin={0}
      aria-valuemax={100}
      className="absolute inset-x-0 bottom-0 h-0.5 bg-line"
    >
      <div className="h-full bg-accent transition-[width] duration-200" style={{ width: `${value * 100}%` }} />
    </div>
  );
}
