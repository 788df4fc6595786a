import {
  ClipboardCopy,
  ClipboardPaste,
  Copy,
  Download,
  FilePlus2,
  FolderPlus,
  Locate,
  Pencil,
  Scissors,
  Trash2,
  Undo2,
} from "lucide-react";
import { afterLayout } from "@/lib/afterLayout";
import { collapseAll, entryOf, reveal } from "@/model/files/store";
import type { Command } from "@/shell/commands";
import { hasChosen, hasFile, inProject } from "@/shell/context";
import { useLayout } from "@/shell/panes";
import { activeFileId } from "@/shell/tabs/store";
import { beginNew, beginRename, copyPath, downloadChosen } from "./actions";
import { canPaste, copyChosen, cutChosen, paste, removeChosen } from "./transfers";
import { canUndo, undoLast } from "./undo";

function showExplorer(): void {
  useLayout.getState().showSide("files");
}

function focusTree(): void {
  afterLayout(() => document.querySelector<HTMLElement>("[role=tree]")?.focus());
}

const file: Command[] = [
  {
    id: "file.new",
    label: "New file",
    icon: FilePlus2,
    keys: ["Alt+N"],
    when: inProject,
    run: () => {
      showExplorer();
      beginNew("file");
    },
  },
  {
    id: "file.newFolder",
    label: "New folder",
    icon: FolderPlus,
    when: inProject,
    run: () => {
      showExplorer();
      beginNew("folder");
    },
  },
  { id: "file.rename", label: "Rename", icon: Pencil, local: "F2", when: hasChosen, run: beginRename },
  { id: "file.cut", label: "Cut", icon: Scissors, local: "Mod+X", when: hasChosen, run: cutChosen },
  { id: "file.copy", label: "Copy", icon: Copy, local: "Mod+C", when: hasChosen, run: copyChosen },
  {
    id: "file.paste",
    label: "Paste",
    icon: ClipboardPaste,
    local: "Mod+V",
    when: () => inProject() && canPaste(),
    run: paste,
  },
  { id: "file.delete", label: "Delete", icon: Trash2, local: "Delete", when: hasChosen, run: removeChosen },
  { id: "file.undo", label: "Undo in the explorer", icon: Undo2, local: "Mod+Z", when: () => inProject() && canUndo(), run: undoLast },
  { id: "file.copyPath", label: "Copy path", icon: ClipboardCopy, local: "Mod+Shift+C", when: hasChosen, run: copyPath },
  { id: "file.download", label: "Download file", icon: Download, when: hasChosen, run: downloadChosen },
  { id: "file.reveal", label: "Reveal active file in explorer", icon: Locate, keys: ["Alt+Shift+E"], when: hasFile, run: revealActive },
].map((item) => ({ ...item, category: "File" }));

function revealActive(): void {
  const entry = entryOf(activeFileId()!);
  if (!entry) return;
  showExplorer();
  reveal(entry.path);
  focusTree();
}

const view: Command[] = [
  {
    id: "view.explorer",
    label: "Go to explorer",
    keys: ["Mod+Shift+E"],
    when: inProject,
    run: () => {
      showExplorer();
      focusTree();
    },
  },
  { id: "view.collapseFolders", label: "Collapse all folders", when: inProject, run: collapseAll },
].map((item) => ({ ...item, category: "View" }));

export const commands: Command[] = [...file, ...view];
