import { useRef } from "react";
import { cx } from "@/lib/cx";

interface SplitterProps {
  label: string;
  orientation: "vertical" | "horizontal";
  value: number;
  min: number;
  max: number;
  /** Dragging right or down makes the pane smaller. */
  inverted?: boolean;
  onChange(value: number): void;
  onReset(): void;
}

const STEP = 16;

/** A divider moved by the pointer or the arrow keys; a double click restores the default. */
export function Splitter({ label, orientation, value, min, max, inverted, onChange, onReset }: SplitterProps) {
  const start = useRef<{ at: number; value: number } | null>(null);
  const vertical = orientation === "vertical";
  const sign = inverted ? -1 : 1;
  const clamp = (next: number) => Math.max(min, Math.min(max, Math.round(next)));
  const position = (event: React.PointerEvent) => (vertical ? event.clientX : event.clientY);

  const onKeyDown = (event: React.KeyboardEvent) => {
    const [less, more] = vertical ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    const direction = event.key === less ? -1 : event.key === more ? 1 : 0;
    if (!direction) return;
    event.preventDefault();
    onChange(clamp(value + direction * sign * STEP));
  };

  return (
    <div
      role="separator"
      aria-label={label}
      aria-orientation={orientation}
      aria-valuenow={Math.round(value)}
      aria-valuemin={min}
      aria-valuemax={Math.round(max)}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onDoubleClick={onReset}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { at: position(event), value };
      }}
      onPointerMove={(event) => {
        if (start.current) onChange(clamp(start.current.value + (position(event) - start.current.at) * sign));
      }}
      onPointerUp={() => (start.current = null)}
      className={cx(
        "group absolute z-20 touch-none focus-visible:outline-none",
        vertical ? "inset-y-0 -right-1 w-2 cursor-col-resize" : "inset-x-0 -top-1 h-2 cursor-row-resize",
      )}
    >
      <div
        className={cx(
          "absolute bg-accent opacity-0 transition-opacity delay-75 duration-150 group-hover:opacity-100 group-focus-visible:opacity-100 group-active:opacity-100",
          vertical ? "inset-y-0 left-[3px] w-0.5" : "inset-x-0 top-[3px] h-0.5",
        )}
      />
    </div>
  );
}
