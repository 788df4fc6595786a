"use client";
import { useEffect, useState } from "react";
import { Kbd } from "./Kbd";

interface Tip {
  text: string;
  keys?: string;
  left: number;
  top: number;
  above: boolean;
}

const DELAY_MS = 450;

/** One layer for all tooltips: whatever carries `data-tip` is explained on hover and on keyboard focus. */
export function Tooltips() {
  const [tip, setTip] = useState<Tip | null>(null);
  useEffect(() => {
    let timer = 0;
    const hide = () => {
      clearTimeout(timer);
      setTip(null);
    };
    const show = (event: Event) => {
      const target = (event.target as Element | null)?.closest?.<HTMLElement>("[data-tip]");
      hide();
      if (!target || (event.type === "focusin" && !target.matches(":focus-visible"))) return;
      timer = window.setTimeout(() => target.isConnected && setTip(tipFor(target)), DELAY_MS);
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
  if (!tip) return null;
  return (
    <div
      aria-hidden
      style={{ left: tip.left, top: tip.top, transform: `translate(-50%, ${tip.above ? "-100%" : "0"})` }}
      className="pointer-events-none fixed z-60 flex items-center gap-2 rounded-md bg-raised px-2 py-1 text-xs whitespace-nowrap shadow-pop"
    >
      {tip.text}
      {tip.keys && <Kbd keys={tip.keys} />}
    </div>
  );
}

function tipFor(target: HTMLElement): Tip {
  const box = target.getBoundingClientRect();
  const above = box.bottom > window.innerHeight - 60;
  const half = Math.min(130, target.dataset.tip!.length * 4 + 24);
  return {
    text: target.dataset.tip!,
    keys: target.dataset.keys,
    above,
    left: Math.max(half + 6, Math.min(box.left + box.width / 2, window.innerWidth - half - 6)),
    top: above ? box.top - 6 : box.bottom + 6,
  };
}
