/** Whether someone is typing: work that can wait is then postponed. */
const TYPING_MS = 250;
let typedAt = -Infinity;

if (typeof window !== "undefined") window.addEventListener("keydown", () => (typedAt = performance.now()), true);

export function isTyping(): boolean {
  return performance.now() - typedAt < TYPING_MS;
}
