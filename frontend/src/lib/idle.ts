/** Runs work when nothing more urgent is to be done. */
export function whenIdle(work: () => void): void {
  if (typeof window.requestIdleCallback === "function") window.requestIdleCallback(work);
  else setTimeout(work, 50);
}
