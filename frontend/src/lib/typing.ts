/** Whether someone is typing just now: what can wait leaves them the page. */
const TYPING_MS = 250;
let typedAt = -Infinity;

if (typeof window !== "undefined") window.addEventListener("keydown", () => (typedAt = performance.now()), true);

export function isTyping(): boolean {
  return performance.now() - typedAt < TYPING_MS;
}
