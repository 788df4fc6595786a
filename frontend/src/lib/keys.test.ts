import { describe, expect, it } from "vitest";
import { displayKeys, matches } from "./keys";

const press = (init: KeyboardEventInit) => new KeyboardEvent("keydown", init);

describe("keys", () => {
  it("takes Mod for Control, and for Command on a Mac", () => {
    expect(matches(press({ key: "p", ctrlKey: true }), "Mod+P", false)).toBe(true);
    expect(matches(press({ key: "p", metaKey: true }), "Mod+P", true)).toBe(true);
    expect(matches(press({ key: "p", ctrlKey: true }), "Mod+P", true)).toBe(false);
  });

  it("tells Shift from none", () => {
    expect(matches(press({ key: "P", ctrlKey: true, shiftKey: true }), "Mod+P", false)).toBe(false);
    expect(matches(press({ key: "P", ctrlKey: true, shiftKey: true }), "Mod+Shift+P", false)).toBe(true);
  });

  it("goes by the key's place where Alt changes its letter", () => {
    expect(matches(press({ key: "∑", code: "KeyW", altKey: true }), "Alt+W", true)).toBe(true);
    expect(matches(press({ key: "\\", code: "Backslash", ctrlKey: true }), "Mod+\\", false)).toBe(true);
  });

  it("writes keys as people know them", () => {
    expect(displayKeys("Mod+Shift+P", true)).toEqual(["⌘", "⇧", "P"]);
    expect(displayKeys("Mod+Enter", false)).toEqual(["Ctrl", "↵"]);
  });
});
