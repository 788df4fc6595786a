/** The list of all commands. What a command does lives in its feature; here it gets its name and its keys. */
import {
  ClipboardPaste, Columns2, Copy, Download, FilePlus2, FolderPlus, LayoutGrid, Locate, LogOut, Pencil, Play, Plus, RotateCw, Save, Scissors, Search, Settings, Square,
  Sun, TerminalSquare, Trash2, Undo2, Upload, WrapText, X, ZoomIn, ZoomOut,
} from "lucide-react";
import type { Project } from "@/api/types";
import { logout, useAccount } from "@/features/accounts/store";
import { saveAll } from "@/model/documents/documents";
import { closeTab, closeTabs, focusedEditor, openFile, saveFile, splitEditor } from "@/features/editor/navigate";
import { activeFileId, change, useEditor } from "@/shell/tabs/store";
import * as tabs from "@/shell/tabs/tabs";
import { beginNew, beginRename, copyPath, cutChosen, downloadChosen, pasteCut, pickFiles, removeChosen } from "@/features/explorer/actions";
import { chosenEntries, collapseAll, entryOf, reveal, useExplorer } from "@/model/files/store";
import { usePlace, visit } from "@/shell/location";
import { cyclePanes, focusConsole, focusTree } from "./focus";
import { useLayout } from "@/shell/panes";
import { openPalette } from "@/workbench/palette/store";
import { downloadProject, removeProject, useProjects } from "@/features/projects/actions";
import { DEFAULT_ARTIFACTS } from "@/features/run/configurations";
import { rerun, runPlanned, saveOutput, start, stop } from "@/features/run/actions";
import { useRun } from "@/features/run/store";
import { useSettings } from "@/model/settings";
import { isOver, useJobs } from "@/model/jobs/store";
import { currentProject } from "./project";
import { isMac } from "@/lib/keys";
import { register, type Command } from "@/shell/commands";

const signedIn = () => useAccount.getState().status === "in";
const inProject = () => signedIn() && usePlace.getState().project !== null;
const hasFile = () => inProject() && activeFileId() !== null;
const hasTab = () => inProject() && tabs.activeTab(useEditor.getState().tabs) !== undefined;
const hasChosen = () => inProject() && chosenEntries().length > 0;
const layout = useLayout.getState;
const settings = useSettings.getState;

function isRunning(): boolean {
  const { shown } = useRun.getState();
  const job = shown ? useJobs.getState().jobs.get(shown) : undefined;
  return job !== undefined && !isOver(job.state);
}

function editorAction(id: string) {
  return () => {
    focusedEditor()?.focus();
    focusedEditor()?.trigger("command", id, null);
  };
}

function onActiveGroup(work: (group: tabs.Group, key: string) => void) {
  return () => {
    const group = tabs.groupOf(useEditor.getState().tabs);
    if (group.active) work(group, group.active);
  };
}

const file: Command[] = [
  { id: "file.new", label: "New file", icon: FilePlus2, keys: ["Alt+N"], when: inProject, run: () => { layout().set({ sidebar: true }); beginNew("file"); } },
  { id: "file.newFolder", label: "New folder", icon: FolderPlus, when: inProject, run: () => { layout().set({ sidebar: true }); beginNew("folder"); } },
  { id: "file.upload", label: "Upload files", icon: Upload, when: inProject, run: pickFiles },
  { id: "file.save", label: "Save", icon: Save, keys: ["Mod+S"], when: inProject, run: () => { const id = activeFileId(); if (id) void saveFile(id); } },
  { id: "file.saveAll", label: "Save all", icon: Save, keys: ["Mod+Alt+S"], when: inProject, run: () => void saveAll() },
  { id: "file.rename", label: "Rename", icon: Pencil, local: "F2", when: hasChosen, run: beginRename },
  { id: "file.cut", label: "Cut", icon: Scissors, local: "Mod+X", when: hasChosen, run: cutChosen },
  { id: "file.paste", label: "Move here", icon: ClipboardPaste, local: "Mod+V", when: () => inProject() && useExplorer.getState().cut.size > 0, run: pasteCut },
  { id: "file.delete", label: "Delete", icon: Trash2, local: "Delete", when: hasChosen, run: removeChosen },
  { id: "file.copyPath", label: "Copy path", icon: Copy, local: "Mod+C", when: hasChosen, run: copyPath },
  { id: "file.download", label: "Download file", icon: Download, when: hasChosen, run: downloadChosen },
  { id: "file.openBeside", label: "Open to the side", icon: Columns2, when: hasChosen, run: openBeside },
  { id: "file.reveal", label: "Reveal active file in explorer", icon: Locate, keys: ["Alt+Shift+E"], when: hasFile, run: revealActive },
].map((item) => ({ ...item, category: "File" }));

function openBeside(): void {
  const [entry] = chosenEntries();
  if (!entry) return;
  if (tabs.activeTab(useEditor.getState().tabs)) change(tabs.split);
  openFile(entry.id);
  const key = tabs.fileTab(entry.id).key;
  const group = tabs.groupOf(useEditor.getState().tabs);
  for (const tab of group.tabs) if (tab.key !== key && useEditor.getState().tabs.groups.length > 1) closeTab(group.id, tab.key);
}

function revealActive(): void {
  const entry = entryOf(activeFileId()!);
  if (!entry) return;
  layout().set({ sidebar: true });
  reveal(entry.path);
  focusTree();
}

const editor: Command[] = [
  { id: "editor.close", label: "Close tab", icon: X, keys: ["Alt+W"], when: hasTab, run: onActiveGroup((group, key) => closeTab(group.id, key)) },
  { id: "editor.closeAll", label: "Close all tabs", when: hasTab, run: () => closeTabs(() => true) },
  { id: "editor.reopen", label: "Reopen closed tab", icon: Undo2, keys: ["Alt+Shift+W"], when: inProject, run: () => change(tabs.reopen) },
  { id: "editor.next", label: "Next tab", keys: ["Alt+PageDown", "Alt+."], when: hasTab, run: () => change((state) => tabs.step(state, 1)) },
  { id: "editor.previous", label: "Previous tab", keys: ["Alt+PageUp", "Alt+,"], when: hasTab, run: () => change((state) => tabs.step(state, -1)) },
  { id: "editor.moveLeft", label: "Move tab left", keys: ["Alt+Shift+PageUp"], when: hasTab, run: () => change((state) => tabs.shift(state, -1)) },
  { id: "editor.moveRight", label: "Move tab right", keys: ["Alt+Shift+PageDown"], when: hasTab, run: () => change((state) => tabs.shift(state, 1)) },
  { id: "editor.moveAcross", label: "Move tab to the next group", when: hasTab, run: () => change(tabs.toNextGroup) },
  { id: "editor.split", label: "Split editor", icon: Columns2, keys: ["Mod+\\"], when: hasTab, run: splitEditor },
  { id: "editor.pin", label: "Keep tab open", when: hasTab, run: onActiveGroup((_, key) => change((state) => tabs.pin(state, key))) },
  { id: "editor.find", label: "Find", icon: Search, local: "Mod+F", when: hasFile, run: editorAction("actions.find") },
  { id: "editor.replace", label: "Find and replace", local: isMac ? "Mod+Alt+F" : "Mod+H", when: hasFile, run: editorAction("editor.action.startFindReplaceAction") },
  { id: "editor.goToLine", label: "Go to line", local: "Mod+G", when: hasFile, run: editorAction("editor.action.gotoLine") },
  { id: "editor.goToSymbol", label: "Go to symbol in file", keys: ["Mod+Shift+O"], when: hasFile, run: editorAction("editor.action.quickOutline") },
  { id: "editor.format", label: "Format document", local: "Alt+Shift+F", when: hasFile, run: editorAction("editor.action.formatDocument") },
  { id: "editor.foldAll", label: "Fold all", when: hasFile, run: editorAction("editor.foldAll") },
  { id: "editor.unfoldAll", label: "Unfold all", when: hasFile, run: editorAction("editor.unfoldAll") },
  { id: "editor.comment", label: "Toggle line comment", local: "Mod+/", when: hasFile, run: editorAction("editor.action.commentLine") },
].map((item) => ({ ...item, category: "Editor" }));

const run: Command[] = [
  { id: "run.start", label: "Run", icon: Play, keys: ["F5", "Mod+Enter"], when: inProject, run: runPlanned },
  { id: "run.stop", label: "Stop the run", icon: Square, keys: ["Shift+F5"], when: () => inProject() && isRunning(), run: () => stop() },
  { id: "run.again", label: "Run again", icon: RotateCw, keys: ["Mod+Shift+F5"], when: () => inProject() && useRun.getState().shown !== null, run: () => rerun() },
  { id: "run.download", label: "Download output", icon: Download, when: () => inProject() && useRun.getState().shown !== null, run: () => saveOutput(useRun.getState().shown!) },
  { id: "run.chosen", label: "Run this file", icon: Play, when: hasChosen, run: () => start({ entry: chosenEntries()[0]!.path, artifacts: DEFAULT_ARTIFACTS }) },
  { id: "run.configure", label: "Edit run configurations", icon: Pencil, when: inProject, run: () => useRun.setState({ editingConfigurations: true }) },
].map((item) => ({ ...item, category: "Run" }));

const view: Command[] = [
  { id: "view.sidebar", label: "Toggle explorer", keys: ["Mod+B"], when: inProject, run: () => layout().toggle("sidebar") },
  { id: "view.panel", label: "Toggle panel", keys: ["Mod+J"], when: inProject, run: () => layout().toggle("bottom") },
  { id: "view.explorer", label: "Go to explorer", keys: ["Mod+Shift+E"], when: inProject, run: () => { layout().set({ sidebar: true }); focusTree(); } },
  { id: "view.console", label: "Go to console", icon: TerminalSquare, keys: ["Mod+`"], when: inProject, run: () => { layout().show("console"); focusConsole(); } },
  { id: "view.errors", label: "Show errors", keys: ["Mod+Shift+M"], when: inProject, run: () => layout().show("errors") },
  { id: "view.tasks", label: "Show tasks", when: inProject, run: () => layout().show("tasks") },
  { id: "view.editor", label: "Go to editor", keys: ["Alt+0"], when: hasFile, run: () => focusedEditor()?.focus() },
  { id: "view.nextPane", label: "Next pane", keys: ["F6"], when: inProject, run: () => cyclePanes(1) },
  { id: "view.previousPane", label: "Previous pane", keys: ["Shift+F6"], when: inProject, run: () => cyclePanes(-1) },
  { id: "view.collapseFolders", label: "Collapse all folders", when: inProject, run: collapseAll },
  { id: "view.wrap", label: "Toggle word wrap", icon: WrapText, keys: ["Alt+Z"], when: inProject, run: () => settings().set({ wordWrap: !settings().wordWrap }) },
  { id: "view.minimap", label: "Toggle minimap", when: inProject, run: () => settings().set({ minimap: !settings().minimap }) },
  { id: "view.larger", label: "Larger text", icon: ZoomIn, when: inProject, run: () => settings().set({ fontSize: Math.min(24, settings().fontSize + 1) }) },
  { id: "view.smaller", label: "Smaller text", icon: ZoomOut, when: inProject, run: () => settings().set({ fontSize: Math.max(10, settings().fontSize - 1) }) },
].map((item) => ({ ...item, category: "View" }));

/** What is done to a project in the list of all. */
function onProject(work: (project: Project) => void): void {
  const project = currentProject();
  if (!project) return;
  visit(null);
  work(project);
}

const general: Command[] = [
  { id: "palette.files", category: "Go", label: "Go to file", icon: Search, keys: ["Mod+P"], when: inProject, run: () => openPalette("files") },
  { id: "palette.commands", category: "Go", label: "All commands", icon: LayoutGrid, keys: ["Mod+Shift+P", "F1"], when: signedIn, run: () => openPalette("commands") },
  { id: "project.new", category: "Project", label: "New project", icon: Plus, when: signedIn, run: () => useProjects.setState({ creating: true }) },
  { id: "project.all", category: "Project", label: "All projects", icon: LayoutGrid, when: inProject, run: () => visit(null) },
  { id: "project.rename", category: "Project", label: "Rename project", icon: Pencil, when: inProject, run: () => onProject(({ id }) => useProjects.setState({ renaming: id })) },
  { id: "project.delete", category: "Project", label: "Delete project", icon: Trash2, when: inProject, run: () => onProject(removeProject) },
  { id: "project.download", category: "Project", label: "Download project", icon: Download, when: inProject, run: () => { const project = currentProject(); if (project) void downloadProject(project); } },
  { id: "settings.open", category: "Settings", label: "Settings", icon: Settings, keys: ["Mod+,"], run: () => settings().setOpen(true) },
  { id: "theme.toggle", category: "Settings", label: "Switch between light and dark", icon: Sun, run: () => settings().set({ theme: settings().dark ? "light" : "dark" }) },
  { id: "theme.system", category: "Settings", label: "Follow the system's theme", run: () => settings().set({ theme: "system" }) },
  { id: "settings.screenReader", category: "Settings", label: "Toggle screen reader mode", run: () => settings().set({ screenReader: !settings().screenReader }) },
  { id: "account.logout", category: "Account", label: "Sign out", icon: LogOut, when: signedIn, run: logout },
];

export function registerCommands(): void {
  register(...general, ...file, ...editor, ...run, ...view);
}
