/** Project paths: `/` between names, none in front. */
export function parent(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

export function basename(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function extension(path: string): string {
  const name = basename(path);
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot + 1).toLowerCase();
}

export function join(...parts: string[]): string {
  return parts.filter(Boolean).join("/");
}

/** Whether a set has the path itself or a folder above it. */
export function isCovered(path: string, by: ReadonlySet<string>): boolean {
  for (let at = path; at; at = parent(at)) if (by.has(at)) return true;
  return false;
}

export function isInside(path: string, folder: string): boolean {
  return folder === "" || path === folder || path.startsWith(`${folder}/`);
}
