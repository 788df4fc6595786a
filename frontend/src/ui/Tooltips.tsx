"use client";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { Kbd } from "./Kbd";

interface Tip {
  text: string;
  keys?: string;
  /** The horizontal centre, where there is room. */
  centre: number;
  top: number;
  above: boolean;
}

const DELAY_MS = 450;
const MARGIN = 6;

/** One layer for all tooltips: shows the `data-tip` of an element on hover and on keyboard focus. */
export function Tooltips() {
  const [tip, setTip] = useState<Tip | null>(null);
  useEffect(() => {
    let timer = 0;
    let shown = false;
    // React queues updates that change nothing until the next effective one, which would be one per key without a tooltip.
    const hide = () => {
      clearTimeout(timer);
      if (shown) setTip(null);
      shown = false;
    };
    const explain = (target: HTMLElement) => {
      shown = target.isConnected;
      if (shown) setTip(tipFor(target));
    };
    const show = (event: Event) => {
      if (event instanceof PointerEvent && event.pointerType === "touch") return;
      const target = (event.target as Element | null)?.closest?.<HTMLElement>("[data-tip]");
      hide();
      if (!target || (event.type === "focusin" && !target.matches(":focus-visible"))) return;
      timer = window.setTimeout(() => explain(target), DELAY_MS);
    };
    document.addEventListener("pointerover", show);
    document.addEventListener("focusin", show);
    document.addEventListener("focusout", hide);
    document.addEventListener("pointerdown", hide, true);
    document.addEventListener("keydown", hide, true);
    return () => {
      document.removeEventListener("pointerover", show);
      document.removeEventListener("focusin", show);
      document.removeEventListener("focusout", hide);
      document.removeEventListener("pointerdown", hide, true);
      document.removeEventListener("keydown", hide, true);
    };
  }, []);
  return tip && <Bubble tip={tip} />;
}

function Bubble({ tip }: { tip: Tip }) {
  const box = useRef<HTMLDivElement>(null);
  const [left, setLeft] = useState(tip.centre);
  useLayoutEffect(() => {
    const width = box.current!.offsetWidth;
    setLeft(Math.max(MARGIN, Math.min(tip.centre - width / 2, window.innerWidth - width - MARGIN)));
  }, [tip]);
  return (
    <div
      ref={box}
      aria-hidden
      style={{ left, top: tip.top, transform: tip.above ? "translateY(-100%)" : undefined }}
      className="pointer-events-none fixed z-60 flex w-max max-w-[min(440px,calc(100vw-12px))] items-center gap-2 rounded-md bg-raised px-2 py-1 text-xs break-words shadow-pop"
    >
      <span className="min-w-0">{tip.text}</span>
      {tip.keys && <Kbd keys={tip.keys} />}
    </div>
  );
}

function tipFor(target: HTMLElement): Tip {
  const box = target.getBoundingClientRect();
  const above = box.bottom > window.innerHeight - 60;
  return {
    text: target.dataset.tip!,
    keys: target.dataset.keys,
    above,
    centre: box.left + box.width / 2,
    top: above ? box.top - MARGIN : box.bottom + MARGIN,
  };
}
