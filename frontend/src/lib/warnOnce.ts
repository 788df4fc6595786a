const MAX_WARNINGS = 50;
const warned = new Set<string>();

/** Writes a warning to the browser's console, once for each text, and a limited number in all. */
export function warnOnce(text: string): void {
  if (warned.has(text) || warned.size >= MAX_WARNINGS) return;
  warned.add(text);
  console.warn(text);
}
