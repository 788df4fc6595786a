import { useLayoutEffect, useState, type RefObject } from "react";

interface Window {
  /** The rows to draw, `to` excluded. */
  from: number;
  to: number;
  /** The maximum of rows rendered at once: `index % slots` is a key under which elements are reused. */
  slots: number;
  onScroll(): void;
}

/** The range of visible rows in a list of equally high rows, with overscan. */
export function useWindow(box: RefObject<HTMLElement | null>, count: number, rowHeight: number, overscan: number): Window {
  const [view, setView] = useState({ top: 0, height: 600 });
  useLayoutEffect(() => {
    const element = box.current!;
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  const shown = Math.ceil(view.height / rowHeight) + 1;
  const first = Math.floor(view.top / rowHeight);
  const onScroll = () => {
    const { scrollTop, clientHeight } = box.current!;
    // Updates only when half of the overscan is used up.
    if (Math.abs(scrollTop - view.top) > (overscan / 2) * rowHeight) setView({ top: scrollTop, height: clientHeight });
  };
  return {
    from: Math.max(0, Math.min(first, count) - overscan),
    to: Math.min(count, first + shown + overscan),
    slots: shown + 2 * overscan,
    onScroll,
  };
}
