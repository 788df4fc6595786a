/** Runs work when the browser is idle. */
export function whenIdle(work: () => void): void {
  if (typeof window.requestIdleCallback === "function") window.requestIdleCallback(work);
  else setTimeout(work, 50);
}
