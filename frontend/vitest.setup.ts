/** What jsdom lacks: media queries, and Blob and File that can be read. */
import { Blob, File } from "node:buffer";

if (typeof window !== "undefined")
  window.matchMedia ??= (media: string) =>
    ({ media, matches: false, addEventListener: () => {}, removeEventListener: () => {} }) as unknown as MediaQueryList;
Object.assign(globalThis, { Blob, File });
