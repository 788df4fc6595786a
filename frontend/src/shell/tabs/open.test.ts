import { beforeEach, describe, expect, it, vi } from "vitest";
import type { FileEntry } from "@/api/types";
import { Tree } from "@/model/files/tree";
import { useFiles } from "@/model/files/store";
import { discardDocument, ensureDocument, isUnsaved, releaseDocument, saveDocument } from "@/model/documents/documents";
import { useSettings } from "@/model/settings";
import { useQuestions } from "@/shell/questions/store";
import { closeTab, closeTabs, openFile, openFileIds } from "./open";
import { leaveTabs } from "./store";
import { fileTab } from "./tabs";

vi.mock("@/model/documents/documents", () => ({
  ensureDocument: vi.fn(async () => {}),
  releaseDocument: vi.fn(async () => {}),
  documentOf: (id: string) => ({ path: id }),
  isUnsaved: vi.fn(() => false),
  saveDocument: vi.fn(async () => true),
  discardDocument: vi.fn(),
}));

const entry = (name: string) => ({ id: name, project_id: "p", path: name, name, type: "file" }) as FileEntry;
const released = () => vi.mocked(releaseDocument).mock.calls.map(([id]) => id);

beforeEach(() => {
  vi.mocked(releaseDocument).mockClear();
  leaveTabs();
  useSettings.setState({ autoSave: true });
  useFiles.setState({ tree: new Tree(["a", "b", "c"].map(entry)) });
});

describe("opening and closing", () => {
  it("lets go of a preview's text when another file takes its tab", () => {
    openFile("a", { preview: true, quiet: true });
    openFile("b", { preview: true, quiet: true });
    expect([...openFileIds()]).toEqual(["b"]);
    expect(released()).toEqual(["a"]);
    expect(ensureDocument).toHaveBeenLastCalledWith("b");
  });

  it("keeps a text that another tab still shows, and lets go of it with the last", () => {
    openFile("a", { quiet: true });
    openFile("b", { quiet: true });
    closeTab(1, fileTab("b").key);
    expect(released()).toEqual(["b"]);
    closeTabs(() => true);
    expect(released()).toEqual(["b", "a"]);
  });

  it("asks about unsaved text where changes are not saved by themselves", async () => {
    useSettings.setState({ autoSave: false });
    vi.mocked(isUnsaved).mockReturnValue(true);
    openFile("a", { quiet: true });
    const answered = async (choice: string | null) => {
      const closing = closeTab(1, fileTab("a").key);
      useQuestions.getState().asked[0]!.answer({ choice, forAll: false });
      await closing;
      return openFileIds().has("a");
    };
    expect(await answered(null)).toBe(true);
    vi.mocked(saveDocument).mockResolvedValueOnce(false);
    expect(await answered("save")).toBe(true);
    expect(discardDocument).not.toHaveBeenCalled();
    expect(await answered("discard")).toBe(false);
    expect(discardDocument).toHaveBeenCalledWith("a");
  });
});
