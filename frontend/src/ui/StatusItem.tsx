import type { ButtonHTMLAttributes, HTMLAttributes } from "react";
import { cx } from "@/lib/cx";

const LOOK = "tabular flex h-5 items-center gap-1.5 rounded-[5px] px-2 whitespace-nowrap";

/** A text in the status bar. */
export function StatusText({ className, ...rest }: HTMLAttributes<HTMLSpanElement>) {
  return <span className={cx(LOOK, className)} {...rest} />;
}

/** A button in the status bar. */
export function StatusButton({ className, ...rest }: ButtonHTMLAttributes<HTMLButtonElement>) {
  return <button type="button" className={cx(LOOK, "hover:bg-hover hover:text-text", className)} {...rest} />;
}
