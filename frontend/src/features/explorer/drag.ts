/** Dragging rows within the tree, and files from the desktop onto it. */
import { useRef, useState, type DragEvent, type RefObject } from "react";
import { isMac } from "@/lib/keys";
import { parent } from "@/lib/path";
import { droppedPaths, hasFiles, hasPaths, PATHS_TYPE } from "@/lib/drop";
import { execute } from "@/shell/commands";
import { copyTo, moveTo } from "./transfers";
import { selectOnly } from "@/model/files/selection";
import { canDrop, setOpen, useFiles } from "@/model/files/store";

/** A closed folder opens after hovering this long during a drag. */
const SPRING_MS = 650;

export function useRowDrag(box: RefObject<HTMLDivElement | null>) {
  const [target, setTarget] = useState<string | null>(null);
  const dragged = useRef<string[]>([]);
  const spring = useRef<{ path: string; timer: ReturnType<typeof setTimeout> } | null>(null);

  const folderUnder = (event: DragEvent): string => {
    const element = (event.target as Element).closest<HTMLElement>("[data-path]");
    const entry = element?.dataset.path === undefined ? undefined : useFiles.getState().tree.at(element.dataset.path);
    if (!entry) return "";
    return entry.type === "folder" ? entry.path : parent(entry.path);
  };
  const clear = () => {
    if (spring.current) clearTimeout(spring.current.timer);
    spring.current = null;
    setTarget(null);
  };
  const springOpen = (path: string) => {
    if (spring.current?.path === path) return;
    if (spring.current) clearTimeout(spring.current.timer);
    spring.current = { path, timer: setTimeout(() => path && setOpen(path, true), SPRING_MS) };
  };

  const handlers = {
    onDragStart(event: DragEvent) {
      const path = (event.target as HTMLElement).dataset?.path;
      if (!path) return;
      const { selection } = useFiles.getState();
      if (!selection.chosen.has(path)) useFiles.setState({ selection: selectOnly(path) });
      dragged.current = [...useFiles.getState().selection.chosen];
      event.dataTransfer.setData(PATHS_TYPE, JSON.stringify(dragged.current));
      event.dataTransfer.setData("text/plain", dragged.current.join("\n"));
      // Moved within the tree, opened in the editor.
      event.dataTransfer.effectAllowed = "copyMove";
    },
    onDragOver(event: DragEvent) {
      const outside = hasFiles(event.dataTransfer);
      if (!outside && !hasPaths(event.dataTransfer)) return;
      const folder = folderUnder(event);
      const copies = outside || isCopy(event);
      if (!outside && !canDrop(dragged.current, folder, copies)) return setTarget(null);
      event.preventDefault();
      event.dataTransfer.dropEffect = copies ? "copy" : "move";
      setTarget(folder);
      springOpen(folder);
    },
    onDragLeave(event: DragEvent) {
      if (!box.current?.contains(event.relatedTarget as Node | null)) clear();
    },
    onDragEnd: clear,
    onDrop(event: DragEvent) {
      const folder = folderUnder(event);
      clear();
      if (hasFiles(event.dataTransfer)) return dropFiles(event, folder);
      const paths = droppedPaths(event.dataTransfer);
      if (!paths.length) return;
      event.preventDefault();
      void (isCopy(event) ? copyTo(paths, folder) : moveTo(paths, folder));
    },
  };
  return { handlers, target };
}

/** As in file managers, Ctrl copies what is dragged; on a Mac it is Option. */
function isCopy(event: DragEvent): boolean {
  return isMac ? event.altKey : event.ctrlKey;
}

function dropFiles(event: DragEvent, folder: string): void {
  event.preventDefault();
  if (folder) setOpen(folder, true);
  execute("upload.dropped", { transfer: event.dataTransfer, folder });
}
