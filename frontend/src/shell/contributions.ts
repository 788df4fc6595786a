/**
 * What features add to the studio. A feature registers its parts in its `index.ts`; the workbench draws what is registered.
 * Registering an id again replaces what was there.
 */
import type { ComponentType, ReactNode } from "react";
import type { LucideIcon } from "lucide-react";
import type { FileEntry, Id, Job, ServerMessage } from "@/api/types";
import type { Tab } from "@/shell/tabs/tabs";

/** A tab of the bottom panel. Panels stand in the order in which they are registered. */
export interface Panel {
  id: string;
  label: string;
  View: ComponentType;
  /** The number beside the label; 0 shows none. */
  useBadge?(): number;
}

/** A view of the side bar. They stand in the order in which they are registered. */
export interface SideView {
  id: string;
  label: string;
  icon: LucideIcon;
  /** The shortcut that goes there, for the tooltip. */
  keys?: string;
  View: ComponentType;
}

export interface TabLabel {
  path: string;
  icon: ReactNode;
  state?: "unsaved" | "conflict";
}

/** A kind of tab in the editor area. */
export interface TabView<T extends Tab = Tab> {
  kind: T["kind"];
  View: ComponentType<{ tab: T; groupId: number }>;
  useLabel(tab: T): TabLabel;
  /** Whether a remembered tab can be opened again; without it every tab can. */
  restorable?(tab: T): boolean;
}

/** Shows a file that the text editor cannot. The first that accepts the file shows it. */
export interface FileView {
  id: string;
  accepts(entry: FileEntry): boolean;
  View: ComponentType<{ fileId: Id }>;
}

/** Stands beside the output of a job. */
export interface JobAside {
  id: string;
  View: ComponentType<{ jobId: Id }>;
}

export interface StatusItem {
  id: string;
  side: "left" | "right";
  /** Lower numbers stand further left. */
  order: number;
  View: ComponentType;
}

/** What is known of a message besides its content. */
export interface MessageContext {
  /** This tab made the change. */
  own: boolean;
  /** The entries that a file message removed. */
  removed: readonly FileEntry[];
  /** The job as it was before a job message. */
  previousJob?: Job;
}

/** State that lives as long as a project is open. `model/` has already applied what a scope is told. */
export interface ProjectScope {
  id: string;
  /** The project is open and its files are listed. */
  enter?(projectId: Id): void | Promise<void>;
  /** The file list was read again, after a gap in the connection or a bulk change. */
  reload?(projectId: Id): void;
  /** The server can be reached, at first and after each loss of the network. */
  reconnect?(projectId: Id): Promise<void>;
  leave?(): void;
  onMessage?(message: ServerMessage, context: MessageContext): void;
}

class Registry<T> {
  private readonly items = new Map<string, T>();
  add(id: string, item: T): void {
    this.items.set(id, item);
  }
  get(id: string): T | undefined {
    return this.items.get(id);
  }
  all(): T[] {
    return [...this.items.values()];
  }
}

const panelRegistry = new Registry<Panel>();
const sideViewRegistry = new Registry<SideView>();
const tabViewRegistry = new Registry<TabView>();
const fileViewRegistry = new Registry<FileView>();
const jobAsideRegistry = new Registry<JobAside>();
const statusItemRegistry = new Registry<StatusItem>();
const scopeRegistry = new Registry<ProjectScope>();

export const registerPanel = (panel: Panel) => panelRegistry.add(panel.id, panel);
export const registerSideView = (view: SideView) => sideViewRegistry.add(view.id, view);
/** A view is only given tabs of its own kind, so the narrower type is safe here. */
export const registerTabView = <T extends Tab>(view: TabView<T>) => tabViewRegistry.add(view.kind, view as unknown as TabView);
export const registerFileView = (view: FileView) => fileViewRegistry.add(view.id, view);
export const registerJobAside = (aside: JobAside) => jobAsideRegistry.add(aside.id, aside);
export const registerStatusItem = (item: StatusItem) => statusItemRegistry.add(item.id, item);
export const registerProjectScope = (scope: ProjectScope) => scopeRegistry.add(scope.id, scope);

export const panels = () => panelRegistry.all();
export const sideViews = () => sideViewRegistry.all();
export const tabView = (kind: string) => tabViewRegistry.get(kind);
export const fileViewFor = (entry: FileEntry) => fileViewRegistry.all().find((view) => view.accepts(entry));
export const jobAsides = () => jobAsideRegistry.all();
export const projectScopes = () => scopeRegistry.all();

export function statusItems(side: StatusItem["side"]): StatusItem[] {
  return statusItemRegistry
    .all()
    .filter((item) => item.side === side)
    .sort((a, b) => a.order - b.order);
}
