import { describe, expect, it } from "vitest";
import type { FileEntry } from "@/api/types";
import { noSelection, selectOnly, ranged, toggled } from "./selection";
import { freePath, nameProblem, topmost, Tree } from "./tree";

function entry(path: string, type: "file" | "folder" = "file"): FileEntry {
  return { id: path, path, name: path.split("/").pop()!, type } as FileEntry;
}
const folder = (path: string) => entry(path, "folder");
const tree = () =>
  new Tree([folder("src"), folder("src/a"), entry("src/a/x10.py"), entry("src/a/x2.py"), entry("README.md"), entry("b.txt")]);
const paths = (subject: Tree, ...open: string[]) => subject.rows(new Set(open)).map((row) => row.path);

describe("Tree", () => {
  it("shows where a symbolic link leads", () => {
    const subject = new Tree([{ ...entry("current.py"), target: "v2.py" }, entry("v2.py")]);
    expect(subject.rows(new Set()).map((row) => row.target)).toEqual(["v2.py", undefined]);
  });

  it("shows folders first, in natural order, and only what is open", () => {
    expect(paths(tree())).toEqual(["src", "b.txt", "README.md"]);
    expect(paths(tree(), "src", "src/a")).toEqual(["src", "src/a", "src/a/x2.py", "src/a/x10.py", "b.txt", "README.md"]);
  });

  it("moves everything below a renamed folder", () => {
    const subject = tree();
    subject.upsert({ ...subject.at("src")!, path: "lib", name: "lib" });
    expect(paths(subject, "lib", "lib/a")).toEqual(["lib", "lib/a", "lib/a/x2.py", "lib/a/x10.py", "b.txt", "README.md"]);
    expect(subject.get("src/a/x2.py")!.path).toBe("lib/a/x2.py");
    expect(subject.at("src/a/x2.py")).toBeUndefined();
  });

  it("removes a folder with what is in it, and takes it back", () => {
    const subject = tree();
    const gone = subject.remove("src");
    expect(gone).toHaveLength(4);
    expect(paths(subject, "src")).toEqual(["b.txt", "README.md"]);
    for (const each of gone) subject.upsert(each);
    expect(paths(subject, "src", "src/a")).toHaveLength(6);
  });

  it("changes its shape with paths only", () => {
    const subject = tree();
    const before = subject.shape;
    subject.upsert({ ...subject.at("b.txt")!, size: 9 });
    expect(subject.shape).toBe(before);
  });

  it("lists 100,000 files without a stall", () => {
    const entries = [folder("big")];
    for (let index = 0; index < 100_000; index++) entries.push(entry(`big/file-${index}.ts`));
    const start = performance.now();
    const subject = new Tree(entries);
    expect(subject.rows(new Set(["big"]))).toHaveLength(100_001);
    const again = performance.now();
    subject.rows(new Set(["big"]));
    expect(again - start).toBeLessThan(3000);
    expect(performance.now() - again).toBeLessThan(300);
  });

  it("judges names", () => {
    expect(nameProblem(tree(), "", "b.txt")).toMatch(/exists/);
    expect(nameProblem(tree(), "", "b.txt", "b.txt")).toBeNull();
    expect(nameProblem(tree(), "", "../x")).toMatch(/path/);
    expect(nameProblem(tree(), "", " ")).toMatch(/name/);
    expect(nameProblem(tree(), "", "new/c.txt")).toBeNull();
    expect(nameProblem(tree(), "", "new/c.txt", "b.txt")).toMatch(/slash/);
    expect(freePath(tree(), "b.txt")).toBe("b-2.txt");
  });

  it("leaves out what a chosen folder covers", () => {
    expect(topmost(["src", "src/a/x2.py", "srcs"])).toEqual(["src", "srcs"]);
  });
});

describe("selection", () => {
  const rows = ["a", "b", "c", "d"].map((path) => ({ path }));
  it("extends from the anchor in either direction", () => {
    const down = ranged(selectOnly("b"), "d", rows);
    expect([...down.chosen]).toEqual(["b", "c", "d"]);
    expect([...ranged(down, "a", rows).chosen]).toEqual(["a", "b"]);
  });
  it("toggles one", () => {
    expect([...toggled(toggled(selectOnly("a"), "c"), "a").chosen]).toEqual(["c"]);
    expect([...toggled(noSelection, "a").chosen]).toEqual(["a"]);
  });
});
