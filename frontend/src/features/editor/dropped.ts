/** Drops onto the editor: files of the explorer are opened, text from elsewhere is inserted. */
import { useState, type DragEvent } from "react";
import { droppedPaths, hasFiles, hasPaths } from "@/lib/drop";
import { monaco, type CodeEditor } from "@/lib/monaco";
import { openPath } from "@/shell/tabs/open";

/** More files than anybody wants to open at once. */
const MAX_OPENED = 30;

/** Handlers of an editor group that open what is dragged from the explorer. They come before the editor's own. */
export function usePathDrop(groupId: number) {
  const [over, setOver] = useState(false);
  const handlers = {
    onDragOverCapture(event: DragEvent) {
      if (!hasPaths(event.dataTransfer)) return;
      event.preventDefault();
      event.stopPropagation();
      event.dataTransfer.dropEffect = "copy";
      setOver(true);
    },
    onDragLeave(event: DragEvent) {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
    },
    onDropCapture(event: DragEvent) {
      setOver(false);
      if (!hasPaths(event.dataTransfer)) return;
      event.preventDefault();
      event.stopPropagation();
      for (const path of droppedPaths(event.dataTransfer).slice(0, MAX_OPENED)) openPath(path, { group: groupId });
    },
  };
  return { handlers, over };
}

export function isText(transfer: DataTransfer): boolean {
  return transfer.types.includes("text/plain") && !hasFiles(transfer) && !hasPaths(transfer);
}

/** Inserts dropped text where the pointer is, and selects it. */
export function dropText(editor: CodeEditor, event: DragEvent): void {
  const text = event.dataTransfer.getData("text/plain");
  const position = editor.getTargetAtClientPoint(event.clientX, event.clientY)?.position ?? editor.getPosition();
  if (!text || !position) return;
  event.preventDefault();
  const at = monaco().Range.fromPositions(position);
  editor.pushUndoStop();
  editor.executeEdits("drop", [{ range: at, text }], (inserted) =>
    inserted.map(({ range }) => monaco().Selection.fromPositions(range.getStartPosition(), range.getEndPosition())),
  );
  editor.pushUndoStop();
  editor.focus();
}
