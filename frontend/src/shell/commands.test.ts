import { afterEach, describe, expect, it, vi } from "vitest";
import { commandFor, menuItem, register, shortcutOf } from "./commands";

const run = vi.fn();
const rename = { id: "test.rename", label: "Rename", category: "Test", local: "F2", run };
const save = { id: "test.save", label: "Save", category: "Test", keys: ["Mod+S", "F12"], run };
register(rename, save);
afterEach(() => run.mockClear());

describe("shortcuts", () => {
  it("are told whoever hears them", () => {
    expect(shortcutOf(save)).toBe("Mod+S");
    expect(shortcutOf(rename)).toBe("F2");
    expect(menuItem("test.rename").keys).toBe("F2");
  });

  it("that the tree or the editor hears are left to them", () => {
    expect(commandFor(new KeyboardEvent("keydown", { key: "F2" }))).toBeUndefined();
    expect(commandFor(new KeyboardEvent("keydown", { key: "F12" }))?.id).toBe("test.save");
  });
});
