/** What a drag within the studio carries. */
export const PATHS_TYPE = "application/x-engunity-paths";

/** Whether a drag brings files from outside the page. */
export function hasFiles(transfer: DataTransfer | null): boolean {
  return transfer?.types.includes("Files") ?? false;
}

/** Whether a drag brings entries of the explorer. */
export function hasPaths(transfer: DataTransfer | null): boolean {
  return transfer?.types.includes(PATHS_TYPE) ?? false;
}

/** The project's paths that a drop carries. */
export function droppedPaths(transfer: DataTransfer): string[] {
  const data = transfer.getData(PATHS_TYPE);
  return data ? (JSON.parse(data) as string[]) : [];
}
