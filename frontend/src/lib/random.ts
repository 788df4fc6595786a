/** A random id. `crypto.randomUUID` exists on secure origins only; a studio on a LAN may lack it. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
