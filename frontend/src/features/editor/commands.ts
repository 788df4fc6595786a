import { Columns2, Save, Search, Undo2, X } from "lucide-react";
import { isMac } from "@/lib/keys";
import { saveAll } from "@/model/documents/documents";
import { chosenEntries } from "@/model/files/store";
import type { Command } from "@/shell/commands";
import { hasChosen, hasFile, hasTab, inProject } from "@/shell/context";
import { closeTab, closeTabs, openFile } from "@/shell/tabs/open";
import { activeFileId, change, useTabs } from "@/shell/tabs/store";
import * as tabs from "@/shell/tabs/tabs";
import { focusActive, focusedEditor, splitEditor } from "./focus";
import { saveFile } from "./save";

function editorAction(id: string) {
  return () => {
    focusedEditor()?.focus();
    focusedEditor()?.trigger("command", id, null);
  };
}

function onActiveGroup(work: (group: tabs.Group, key: string) => void) {
  return () => {
    const group = tabs.groupOf(useTabs.getState().tabs);
    if (group.active) work(group, group.active);
  };
}

/** Changes the tabs; the focus follows to the editor that is active then. */
function moved(reduce: Parameters<typeof change>[0]): void {
  change(reduce);
  focusActive();
}

const file: Command[] = [
  {
    id: "file.save",
    label: "Save",
    icon: Save,
    keys: ["Mod+S"],
    when: inProject,
    run: () => {
      const id = activeFileId();
      if (id) void saveFile(id);
    },
  },
  { id: "file.saveAll", label: "Save all", icon: Save, keys: ["Mod+Alt+S"], when: inProject, run: () => void saveAll() },
  { id: "file.openBeside", label: "Open to the side", icon: Columns2, when: hasChosen, run: openBeside },
].map((item) => ({ ...item, category: "File" }));

function openBeside(): void {
  const [entry] = chosenEntries();
  if (!entry) return;
  if (tabs.activeTab(useTabs.getState().tabs)) change(tabs.split);
  openFile(entry.id);
  const key = tabs.fileTab(entry.id).key;
  const group = tabs.groupOf(useTabs.getState().tabs);
  for (const tab of group.tabs) if (tab.key !== key && useTabs.getState().tabs.groups.length > 1) closeTab(group.id, tab.key);
}

const editor: Command[] = [
  {
    id: "editor.close",
    label: "Close tab",
    icon: X,
    keys: ["Alt+W"],
    when: hasTab,
    run: onActiveGroup((group, key) => closeTab(group.id, key)),
  },
  { id: "editor.closeAll", label: "Close all tabs", when: hasTab, run: () => closeTabs(() => true) },
  { id: "editor.reopen", label: "Reopen closed tab", icon: Undo2, keys: ["Alt+Shift+W"], when: inProject, run: () => moved(tabs.reopen) },
  {
    id: "editor.next",
    label: "Next tab",
    keys: ["Alt+PageDown", "Alt+."],
    when: hasTab,
    run: () => moved((state) => tabs.step(state, 1)),
  },
  {
    id: "editor.previous",
    label: "Previous tab",
    keys: ["Alt+PageUp", "Alt+,"],
    when: hasTab,
    run: () => moved((state) => tabs.step(state, -1)),
  },
  {
    id: "editor.moveLeft",
    label: "Move tab left",
    keys: ["Alt+Shift+PageUp"],
    when: hasTab,
    run: () => moved((state) => tabs.shift(state, -1)),
  },
  {
    id: "editor.moveRight",
    label: "Move tab right",
    keys: ["Alt+Shift+PageDown"],
    when: hasTab,
    run: () => moved((state) => tabs.shift(state, 1)),
  },
  { id: "editor.moveAcross", label: "Move tab to the next group", when: hasTab, run: () => moved(tabs.toNextGroup) },
  { id: "editor.split", label: "Split editor", icon: Columns2, keys: ["Mod+\\"], when: hasTab, run: splitEditor },
  { id: "editor.pin", label: "Keep tab open", when: hasTab, run: onActiveGroup((_, key) => change((state) => tabs.pin(state, key))) },
  { id: "editor.find", label: "Find", icon: Search, local: "Mod+F", when: hasFile, run: editorAction("actions.find") },
  {
    id: "editor.replace",
    label: "Find and replace",
    local: isMac ? "Mod+Alt+F" : "Mod+H",
    when: hasFile,
    run: editorAction("editor.action.startFindReplaceAction"),
  },
  { id: "editor.goToLine", label: "Go to line", local: "Mod+G", when: hasFile, run: editorAction("editor.action.gotoLine") },
  {
    id: "editor.goToSymbol",
    label: "Go to symbol in file",
    keys: ["Mod+Shift+O"],
    when: hasFile,
    run: editorAction("editor.action.quickOutline"),
  },
  { id: "editor.format", label: "Format document", local: "Alt+Shift+F", when: hasFile, run: editorAction("editor.action.formatDocument") },
  { id: "editor.foldAll", label: "Fold all", when: hasFile, run: editorAction("editor.foldAll") },
  { id: "editor.unfoldAll", label: "Unfold all", when: hasFile, run: editorAction("editor.unfoldAll") },
  { id: "editor.comment", label: "Toggle line comment", local: "Mod+/", when: hasFile, run: editorAction("editor.action.commentLine") },
].map((item) => ({ ...item, category: "Editor" }));

export const commands: Command[] = [
  ...file,
  ...editor,
  { id: "view.editor", category: "View", label: "Go to editor", keys: ["Alt+0"], when: hasFile, run: () => focusedEditor()?.focus() },
];
