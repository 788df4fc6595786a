/** Groups of tabs and the operations on them. Pure; the store applies them. */
import type { Id } from "@/api/types";

/** A feature that registers a kind of tab adds fields of its own; they are remembered as JSON. */
export interface Tab {
  readonly key: string;
  readonly kind: string;
  /** Shown in italics; the next preview takes its place. */
  readonly preview: boolean;
}

export interface FileTab extends Tab {
  readonly kind: "file";
  readonly fileId: Id;
}

export function isFileTab(tab: Tab): tab is FileTab {
  return tab.kind === "file";
}

export interface Group {
  id: number;
  tabs: Tab[];
  active: string | null;
  /** Keys by last use, the newest first: closing a tab goes back to the one before. */
  recent: string[];
}

export interface Tabs {
  groups: Group[];
  focused: number;
  /** Closed tabs, the last first. */
  closed: Tab[];
}

const MAX_GROUPS = 3;
const MAX_CLOSED = 20;

export const noTabs: Tabs = { groups: [{ id: 1, tabs: [], active: null, recent: [] }], focused: 1, closed: [] };

export function fileTab(fileId: Id, preview = false): FileTab {
  return { key: `file:${fileId}`, kind: "file", fileId, preview };
}

export function groupOf(state: Tabs, id = state.focused): Group {
  return state.groups.find((group) => group.id === id) ?? state.groups[0]!;
}

export function activeTab(state: Tabs): Tab | undefined {
  const group = groupOf(state);
  return group.tabs.find((tab) => tab.key === group.active);
}

/** Opens a tab in a group; a preview takes the place of the group's last preview. */
export function open(state: Tabs, tab: Tab, groupId = state.focused): Tabs {
  const group = groupOf(state, groupId);
  const known = group.tabs.find((item) => item.key === tab.key);
  let tabs = group.tabs;
  if (known) tabs = known.preview && !tab.preview ? replace(tabs, known.key, { ...known, preview: false }) : tabs;
  else tabs = insertTab(group, tab);
  const alive = new Set(tabs.map((item) => item.key));
  const recent = [tab.key, ...group.recent.filter((key) => key !== tab.key && alive.has(key))];
  return { ...withGroup(state, { ...group, tabs, active: tab.key, recent }), focused: group.id };
}

function insertTab(group: Group, tab: Tab): Tab[] {
  const old = tab.preview ? group.tabs.findIndex((item) => item.preview) : -1;
  if (old >= 0) return group.tabs.with(old, tab);
  const at = group.tabs.findIndex((item) => item.key === group.active);
  return group.tabs.toSpliced(at + 1, 0, tab);
}

export function activate(state: Tabs, groupId: number, key: string): Tabs {
  const tab = groupOf(state, groupId).tabs.find((item) => item.key === key);
  return tab ? open(state, { ...tab, preview: true }, groupId) : state;
}

export function focus(state: Tabs, groupId: number): Tabs {
  return state.focused === groupId ? state : { ...state, focused: groupOf(state, groupId).id };
}

/** Keeps a preview tab open. */
export function pin(state: Tabs, key: string): Tabs {
  const groups = state.groups.map((group) => {
    const tab = group.tabs.find((item) => item.key === key);
    return tab?.preview ? { ...group, tabs: replace(group.tabs, key, { ...tab, preview: false }) } : group;
  });
  return groups.some((group, index) => group !== state.groups[index]) ? { ...state, groups } : state;
}

export function close(state: Tabs, groupId: number, key: string): Tabs {
  return closeWhere(state, (tab, group) => group.id === groupId && tab.key === key);
}

export function closeWhere(state: Tabs, gone: (tab: Tab, group: Group) => boolean, reopenable = true): Tabs {
  const closed: Tab[] = [];
  const groups = state.groups.map((group) => {
    const leaving = group.tabs.filter((tab) => gone(tab, group));
    if (!leaving.length) return group;
    closed.push(...leaving);
    return without(group, new Set(leaving.map((tab) => tab.key)));
  });
  if (!closed.length) return state;
  const kept = reopenable ? [...closed.reverse(), ...state.closed].slice(0, MAX_CLOSED) : state.closed;
  return tidy({ ...state, groups, closed: kept });
}

function without(group: Group, keys: ReadonlySet<string>): Group {
  const tabs = group.tabs.filter((tab) => !keys.has(tab.key));
  const recent = group.recent.filter((key) => !keys.has(key));
  const keepsActive = group.active && !keys.has(group.active);
  const active = keepsActive ? group.active : (recent[0] ?? tabs.at(-1)?.key ?? null);
  return { ...group, tabs, recent, active };
}

/** Removes empty groups, except for the last. */
function tidy(state: Tabs): Tabs {
  const filled = state.groups.filter((group) => group.tabs.length > 0);
  const groups = filled.length ? filled : [{ ...state.groups[0]!, active: null, recent: [] }];
  const focused = groups.some((group) => group.id === state.focused) ? state.focused : groups[0]!.id;
  return { ...state, groups, focused };
}

/** Opens the active tab in a new group beside its own. */
export function split(state: Tabs): Tabs {
  const tab = activeTab(state);
  if (!tab || state.groups.length >= MAX_GROUPS) return state;
  const id = Math.max(...state.groups.map((group) => group.id)) + 1;
  const at = state.groups.findIndex((group) => group.id === state.focused);
  const group: Group = { id, tabs: [{ ...tab, preview: false }], active: tab.key, recent: [tab.key] };
  return { ...state, groups: state.groups.toSpliced(at + 1, 0, group), focused: id };
}

/** Moves a tab before `index` of a group, its own or another. */
export function move(state: Tabs, key: string, from: number, to: number, index: number): Tabs {
  const source = groupOf(state, from);
  const tab = source.tabs.find((item) => item.key === key);
  if (!tab) return state;
  const old = source.tabs.indexOf(tab);
  const at = from === to && old < index ? index - 1 : index;
  const left = withGroup(state, without(source, new Set([key])));
  const target = groupOf(left, to);
  const others = target.tabs.filter((item) => item.key !== key);
  const tabs = others.toSpliced(Math.min(at, others.length), 0, { ...tab, preview: false });
  const recent = [key, ...target.recent.filter((item) => item !== key)];
  return tidy({ ...withGroup(left, { ...target, tabs, active: key, recent }), focused: to });
}

/** Moves the active tab by places within its group. */
export function shift(state: Tabs, by: number): Tabs {
  const group = groupOf(state);
  const at = group.tabs.findIndex((tab) => tab.key === group.active);
  const to = at + by;
  if (at < 0 || to < 0 || to >= group.tabs.length) return state;
  return move(state, group.active!, group.id, group.id, by > 0 ? to + 1 : to);
}

/** Moves the active tab to the next group, which is created when there is none. */
export function toNextGroup(state: Tabs): Tabs {
  const group = groupOf(state);
  if (!group.active) return state;
  const at = state.groups.indexOf(group);
  const next = state.groups[(at + 1) % state.groups.length]!;
  if (next !== group) return move(state, group.active, group.id, next.id, next.tabs.length);
  return group.tabs.length > 1 ? close(split(state), group.id, group.active) : state;
}

export function reopen(state: Tabs): Tabs {
  const [tab, ...closed] = state.closed;
  return tab ? open({ ...state, closed }, { ...tab, preview: false }) : state;
}

/** Activates the tab beside the active one, with wrap-around. */
export function step(state: Tabs, by: number): Tabs {
  const group = groupOf(state);
  if (!group.tabs.length) return state;
  const at = group.tabs.findIndex((tab) => tab.key === group.active);
  const next = group.tabs[(at + by + group.tabs.length) % group.tabs.length]!;
  return activate(state, group.id, next.key);
}

function withGroup(state: Tabs, group: Group): Tabs {
  return { ...state, groups: state.groups.map((item) => (item.id === group.id ? group : item)) };
}

function replace(tabs: Tab[], key: string, tab: Tab): Tab[] {
  return tabs.map((item) => (item.key === key ? tab : item));
}

/** Restores remembered tabs, without those that can't be shown any more. */
export function restored(saved: Tabs | null, restorable: (tab: Tab) => boolean): Tabs {
  if (!saved?.groups?.length) return noTabs;
  const known = { ...saved, closed: [] };
  return closeWhere(known, (tab) => !restorable(tab), false);
}
