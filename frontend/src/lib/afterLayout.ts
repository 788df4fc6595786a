/** Runs work after the current changes are rendered. */
export function afterLayout(work: () => void): void {
  requestAnimationFrame(() => requestAnimationFrame(work));
}
