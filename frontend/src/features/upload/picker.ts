/** The hidden file field of the studio. */
export const PICKER_ID = "files-to-upload";

/** Asks for files to upload into the chosen folder. */
export function pickFiles(): void {
  document.getElementById(PICKER_ID)?.click();
}
