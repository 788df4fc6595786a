/** Runs work when what has just been changed is on the screen. */
export function afterLayout(work: () => void): void {
  requestAnimationFrame(() => requestAnimationFrame(work));
}
