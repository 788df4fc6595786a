import type { ButtonHTMLAttributes, ReactNode } from "react";
import type { LucideIcon } from "lucide-react";
import { cx } from "@/lib/cx";

type Tone = "primary" | "plain" | "quiet" | "danger";

const TONES: Record<Tone, string> = {
  primary: "bg-accent text-white hover:bg-(--accent-hover) shadow-[inset_0_1px_0_rgb(255_255_255/0.14)]",
  plain: "bg-raised text-text border border-line-strong hover:bg-hover",
  quiet: "text-muted hover:bg-hover hover:text-text",
  danger: "bg-bad-soft text-bad hover:brightness-95 dark:hover:brightness-125",
};

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  tone?: Tone;
  icon?: LucideIcon;
  small?: boolean;
  children: ReactNode;
}

export function Button({ tone = "plain", icon: Icon, small, className, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={cx(
        "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-[7px] font-medium whitespace-nowrap transition-colors duration-100 select-none disabled:pointer-events-none disabled:opacity-50",
        small ? "h-7 px-2.5 text-xs" : "h-8 px-3 text-sm",
        TONES[tone],
        className,
      )}
    >
      {Icon && <Icon size={small ? 13 : 15} aria-hidden />}
      {children}
    </button>
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  label: string;
  icon: LucideIcon;
  keys?: string;
  pressed?: boolean;
  size?: number;
}

/** A button with only an icon; the label is its accessible name and its tooltip. */
export function IconButton({ label, icon: Icon, keys, pressed, size = 15, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      aria-pressed={pressed}
      data-tip={label}
      data-keys={keys}
      {...rest}
      className={cx(
        "inline-flex size-7 shrink-0 items-center justify-center rounded-[6px] text-muted transition-colors duration-100 hover:bg-hover hover:text-text disabled:pointer-events-none disabled:opacity-40",
        pressed && "bg-active text-text",
        className,
      )}
    >
      <Icon size={size} aria-hidden />
    </button>
  );
}
