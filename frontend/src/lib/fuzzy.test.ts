import { describe, expect, it } from "vitest";
import { FuzzyIndex } from "./fuzzy";

const index = new FuzzyIndex([
  "src/features/editor/tabs.ts",
  "src/features/editor/TabBar.tsx",
  "src/lib/storage.ts",
  "README.md",
  "docs/editor/tables.md",
]);
const best = (query: string) => index.search(query)[0]?.path;

describe("FuzzyIndex", () => {
  it("puts names before folders and exact before scattered", () => {
    expect(best("tabs")).toBe("src/features/editor/tabs.ts");
    expect(best("tabbar")).toBe("src/features/editor/TabBar.tsx");
    expect(best("readme.md")).toBe("README.md");
    expect(best("edtab")).toBe("docs/editor/tables.md");
  });

  it("finds initials", () => {
    expect(best("tb.tsx")).toBe("src/features/editor/TabBar.tsx");
  });

  it("gives the positions that matched", () => {
    expect(index.search("stor")[0]!.positions).toEqual([8, 9, 10, 11]);
  });

  it("answers the same for a narrowed query as for a fresh one", () => {
    const fresh = new FuzzyIndex(["abc", "acb", "bca"]);
    fresh.search("a");
    expect(fresh.search("ab").map((match) => match.path)).toEqual(
      new FuzzyIndex(["abc", "acb", "bca"]).search("ab").map((match) => match.path),
    );
    expect(
      fresh
        .search("b")
        .map((match) => match.path)
        .sort(),
    ).toEqual(["abc", "acb", "bca"]);
  });

  it("ranks names, word starts, substrings and scattered letters in this order", () => {
    const paths = ["a/xmodelx.ts", "model/z.ts", "b/m-o-d-e-l.ts", "a/my_model.ts", "a/model.ts", "a/model", "amodelb/z.ts"];
    const ranked = new FuzzyIndex(paths).search("model").map((match) => match.path);
    expect(ranked).toEqual(["a/model", "a/model.ts", "a/my_model.ts", "a/xmodelx.ts", "model/z.ts", "amodelb/z.ts", "b/m-o-d-e-l.ts"]);
  });

  it("keeps the best of many, whatever their order", () => {
    const paths = Array.from({ length: 3000 }, (_, n) => `p/${"x".repeat(n % 50)}key${n}`);
    const found = new FuzzyIndex(paths).search("key", 5).map((match) => match.path);
    expect(found).toEqual(["p/key0", "p/key50", "p/key100", "p/key150", "p/key200"]);
  });

  it("answers at every letter of a query what a fresh index answers", () => {
    const words = ["Tab", "bar", "_edit", "or", "-view", ".ts", "/src", "X", "9", "é", " "];
    let seed = 7;
    const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
    const paths = Array.from({ length: 400 }, () => Array.from({ length: 2 + random(5) }, () => words[random(words.length)]).join(""));
    for (const query of ["tabedts", "srcor9", "xé", "bar/v", "t t"]) {
      const typed = new FuzzyIndex(paths);
      for (let length = 1; length <= query.length; length++) {
        const part = query.slice(0, length);
        expect(typed.search(part)).toEqual(new FuzzyIndex(paths).search(part));
      }
    }
  });

  it("marks the letters it matched, also where lower case is longer", () => {
    const odd = new FuzzyIndex(["İstanbul/notes.txt", "src/TabBar.tsx"]);
    expect(odd.search("notes")[0]).toMatchObject({ path: "İstanbul/notes.txt", positions: [9, 10, 11, 12, 13] });
    for (const { path, positions } of odd.search("tbar")) expect(positions.map((at) => path[at]!.toLowerCase()).join("")).toBe("tbar");
  });

  it("can be made a slice at a time", () => {
    const slow = new FuzzyIndex(["a", "b", "c"]);
    expect([slow.prepare(2), slow.prepare(2)]).toEqual([false, true]);
    expect(slow.search("c")[0]!.path).toBe("c");
  });

  it("searches 100,000 paths as fast as typing", () => {
    const words = ["alpha", "server", "client", "parser", "render", "index", "router", "model"];
    const paths = Array.from({ length: 100_000 }, (_, n) => `pkg-${n % 97}/${words[n % 8]}/${words[(n * 7) % 8]}_${n}.ts`);
    const large = new FuzzyIndex(paths);
    const times = ["r", "ro", "rou", "rout", "route", "router_9", "clidx", "zzz"].map((query) => {
      const start = performance.now();
      large.search(query);
      return performance.now() - start;
    });
    // The machine may be busy; the bench reports the real figure.
    expect(times.toSorted((a, b) => a - b)[4]).toBeLessThan(60);
  });
});
