import { describe, expect, it } from "vitest";
import { FuzzyIndex } from "./fuzzy";

const index = new FuzzyIndex(["src/features/editor/tabs.ts", "src/features/editor/TabBar.tsx", "src/lib/storage.ts", "README.md", "docs/editor/tables.md"]);
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
    expect(fresh.search("ab").map((match) => match.path)).toEqual(new FuzzyIndex(["abc", "acb", "bca"]).search("ab").map((match) => match.path));
    expect(fresh.search("b").map((match) => match.path).sort()).toEqual(["abc", "acb", "bca"]);
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
    expect(times.toSorted((a, b) => a - b)[4]).toBeLessThan(120);
  });
});
