import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

/** The placeholder of an empty view, with what to do next. */
export function Empty({ icon: Icon, title, children }: { icon: LucideIcon; title: string; children?: ReactNode }) {
  return (
    <div className="flex h-full flex-col items-center justify-center gap-1.5 p-6 text-center">
      <Icon size={20} strokeWidth={1.6} className="mb-1 text-faint" aria-hidden />
      <p className="font-medium">{title}</p>
      {children && <div className="max-w-80 text-xs text-balance text-muted">{children}</div>}
    </div>
  );
}
