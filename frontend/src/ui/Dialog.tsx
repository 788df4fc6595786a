import { useEffect, useRef, type ReactNode } from "react";
import { X } from "lucide-react";
import { cx } from "@/lib/cx";
import { IconButton } from "./Button";

interface DialogProps {
  title: string;
  onClose(): void;
  children: ReactNode;
  /** Hides the title bar; the title still names the dialog. */
  bare?: boolean;
  className?: string;
}

/** A modal dialog on the native `<dialog>`, which traps the focus, closes on Escape and makes the page inert. */
export function Dialog({ title, onClose, children, bare, className }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => before?.focus?.();
  }, []);
  return (
    <dialog
      ref={ref}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => event.target === ref.current && onClose()}
      className={cx(
        "appear fixed inset-0 m-auto mt-[12vh] h-fit max-h-[76vh] w-[min(560px,calc(100vw-24px))] overflow-hidden rounded-xl bg-raised p-0 shadow-pop",
        className,
      )}
    >
      {!bare && (
        <header className="flex h-12 items-center justify-between border-b border-line pr-2.5 pl-4">
          <h2 className="text-sm font-semibold">{title}</h2>
          <IconButton label="Close" icon={X} keys="Escape" onClick={onClose} />
        </header>
      )}
      {children}
    </dialog>
  );
}
