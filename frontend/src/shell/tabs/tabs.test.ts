import { describe, expect, it } from "vitest";
import * as tabs from "./tabs";

const open = (...ids: string[]) => ids.reduce((state, id) => tabs.open(state, tabs.fileTab(id)), tabs.noTabs);
const keys = (state: tabs.Tabs, group = 0) => state.groups[group]!.tabs.map((tab) => tab.key.replace("file:", ""));

describe("tabs", () => {
  it("opens beside the active one and shows it", () => {
    const state = tabs.open(tabs.activate(open("a", "b"), 1, "file:a"), tabs.fileTab("c"));
    expect(keys(state)).toEqual(["a", "c", "b"]);
    expect(state.groups[0]!.active).toBe("file:c");
  });

  it("reuses the one preview tab, and pins it when it is opened for good", () => {
    let state = tabs.open(open("a"), tabs.fileTab("b", true));
    state = tabs.open(state, tabs.fileTab("c", true));
    expect(keys(state)).toEqual(["a", "c"]);
    state = tabs.open(state, tabs.fileTab("c"));
    state = tabs.open(state, tabs.fileTab("d", true));
    expect(keys(state)).toEqual(["a", "c", "d"]);
  });

  it("does not turn a kept tab back into a preview", () => {
    const state = tabs.open(open("a"), tabs.fileTab("a", true));
    expect(state.groups[0]!.tabs[0]!.preview).toBe(false);
  });

  it("goes back to the tab used before when the active one closes", () => {
    let state = open("a", "b", "c");
    state = tabs.activate(state, 1, "file:a");
    state = tabs.close(state, 1, "file:a");
    expect(state.groups[0]!.active).toBe("file:c");
  });

  it("reopens what was closed, the last first", () => {
    let state = open("a", "b");
    state = tabs.close(tabs.close(state, 1, "file:a"), 1, "file:b");
    state = tabs.reopen(state);
    expect(keys(state)).toEqual(["b"]);
    expect(keys(tabs.reopen(state))).toEqual(["b", "a"]);
  });

  it("reorders within a group", () => {
    const state = tabs.move(open("a", "b", "c"), "file:a", 1, 1, 3);
    expect(keys(state)).toEqual(["b", "c", "a"]);
  });

  it("moves the active tab without a pointer, within its group and to the next", () => {
    const state = tabs.activate(open("a", "b", "c"), 1, "file:b");
    expect(keys(tabs.shift(state, 1))).toEqual(["a", "c", "b"]);
    expect(keys(tabs.shift(state, -1))).toEqual(["b", "a", "c"]);
    expect(tabs.shift(tabs.shift(state, -1), -1)).toEqual(tabs.shift(state, -1));
    const apart = tabs.toNextGroup(state);
    expect([keys(apart), keys(apart, 1)]).toEqual([["a", "c"], ["b"]]);
    expect(tabs.activeTab(apart)!.key).toBe("file:b");
    expect(keys(tabs.toNextGroup(apart))).toEqual(["a", "c", "b"]);
  });

  it("splits, moves between groups, and drops an empty group", () => {
    let state = tabs.split(open("a", "b"));
    expect(state.groups.map((group) => group.tabs.length)).toEqual([2, 1]);
    state = tabs.move(state, "file:b", state.groups[1]!.id, 1, 0);
    expect(state.groups).toHaveLength(1);
    expect(keys(state)).toEqual(["b", "a"]);
  });

  it("steps around the end", () => {
    expect(tabs.step(open("a", "b"), 1).groups[0]!.active).toBe("file:a");
  });

  it("forgets tabs of files that are gone when taking up a session", () => {
    const state = tabs.restored(open("a", "b"), (tab) => tabs.isFileTab(tab) && tab.fileId === "b");
    expect(keys(state)).toEqual(["b"]);
    expect(state.closed).toEqual([]);
  });
});
