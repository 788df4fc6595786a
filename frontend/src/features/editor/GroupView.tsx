"use client";
import { tabView } from "@/shell/contributions";
import { change } from "@/shell/tabs/store";
import * as tabs from "@/shell/tabs/tabs";
import { usePathDrop } from "./dropped";
import { TabBar } from "./TabBar";

interface GroupViewProps {
  group: tabs.Group;
  focused: boolean;
  alone: boolean;
}

export function GroupView({ group, focused, alone }: GroupViewProps) {
  const tab = group.tabs.find((item) => item.key === group.active);
  const View = tab && tabView(tab.kind)?.View;
  const drop = usePathDrop(group.id);
  return (
    <section
      aria-label={alone ? "Editor" : `Editor group ${group.id}`}
      className="relative flex h-full flex-col"
      onFocusCapture={() => change((state) => tabs.focus(state, group.id))}
      onPointerDownCapture={() => change((state) => tabs.focus(state, group.id))}
      {...drop.handlers}
    >
      <TabBar group={group} focused={focused} />
      {tab && View && (
        // A group keeps one editor for all its file tabs; other views belong to one tab.
        <View key={tabs.isFileTab(tab) ? group.id : tab.key} tab={tab} groupId={group.id} />
      )}
      {drop.over && (
        <div aria-hidden className="pointer-events-none absolute inset-1 z-20 rounded-lg border-2 border-(--focus) bg-(--ring)" />
      )}
    </section>
  );
}
