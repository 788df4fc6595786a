import { describe, expect, it, vi } from "vitest";
import { commonRoot, isArchive, strip, withoutIgnored, type Item } from "./gather";
import { tarParts } from "@/lib/tar";
import { asProject } from "./newProject";
import { leftOut, planUpload, uploadInto } from "./upload";
import { useToasts } from "@/shell/toasts/store";

const item = (path: string, text = "x"): Item => ({ path, file: new File([text], path.split("/").pop()!) });
const sized = (path: string, size: number): Item => ({ path, file: { size, name: path } as File });
const gathered = (...items: Item[]) => ({ items, skipped: 0 });

describe("leftOut", () => {
  it("names what rules and the server left out", () => {
    expect(leftOut(0, null)).toBeUndefined();
    expect(leftOut(0, { skipped: [], skipped_total: 0 })).toBeUndefined();
    const skipped = [{ path: "pipe", why: "it is a pipe" }];
    expect(leftOut(2, { skipped, skipped_total: 3 })).toBe("2 ignored entries skipped. Left out: pipe (it is a pipe) and 2 more");
  });
});

describe("tar", () => {
  const bytesOf = (parts: BlobPart[]) =>
    new Uint8Array(parts.flatMap((part) => [...(typeof part === "string" ? new TextEncoder().encode(part) : (part as Uint8Array))]));
  const text = (bytes: Uint8Array, at: number, length: number) =>
    new TextDecoder().decode(bytes.subarray(at, at + length)).replace(/\0.*$/, "");

  it("writes whole blocks with a right checksum", () => {
    const tar = bytesOf(tarParts([{ path: "a/b.txt", size: 5, data: "hello" }], 0));
    expect(tar.length).toBe(512 + 512 + 1024);
    expect(text(tar, 0, 100)).toBe("a/b.txt");
    expect(parseInt(text(tar, 124, 12), 8)).toBe(5);
    const block = tar.slice(0, 512);
    const written = parseInt(text(block, 148, 8), 8);
    block.fill(32, 148, 156);
    expect(written).toBe(block.reduce((sum, byte) => sum + byte, 0));
    expect(text(tar, 512, 5)).toBe("hello");
  });

  it("puts a long path before its member", () => {
    const path = `${"deep/".repeat(40)}file.txt`;
    const tar = bytesOf(tarParts([{ path, size: 0, data: "" }], 0));
    expect(text(tar, 0, 100)).toBe("././@LongLink");
    expect(text(tar, 512, 512)).toBe(path);
  });
});

describe("what is uploaded", () => {
  it("leaves out what every .gitignore says, each for its folder", async () => {
    const found = await withoutIgnored(
      gathered(
        item("p/.gitignore", "*.log\nbuild/\n"),
        item("p/a.log"),
        item("p/build/x.o"),
        item("p/src/a.py"),
        item("p/src/.gitignore", "!keep\n/only.txt"),
        item("p/src/only.txt"),
        item("p/only.txt"),
      ),
    );
    expect(found.items.map(({ path }) => path)).toEqual(["p/.gitignore", "p/src/a.py", "p/src/.gitignore", "p/only.txt"]);
    expect(found.skipped).toBe(3);
  });

  it("goes in batches below the server's limit", () => {
    const plan = planUpload([sized("a", 30e6), sized("b", 20e6), sized("c", 1), sized("huge", 60e6)]);
    expect(plan.batches.map((batch) => batch.map(({ path }) => path))).toEqual([["a"], ["b", "c"]]);
    expect(plan.tooLarge.map(({ path }) => path)).toEqual(["huge"]);
  });

  it("counts only what was sent", async () => {
    // Neither packing nor the network is there in a unit test.
    vi.mock("@/api/client", () => ({ projects: { upload: vi.fn(async () => ({})) }, files: { list: vi.fn(async () => []) } }));
    vi.stubGlobal("CompressionStream", class {});
    vi.stubGlobal(
      "Response",
      class {
        blob = async () => new Blob();
      },
    );
    Object.assign(Blob.prototype, { stream: () => ({ pipeThrough: () => null }) });
    await uploadInto("p", gathered(item("a.txt"), item("b.txt"), sized("huge", 60e6)));
    const texts = useToasts.getState().toasts.map(({ text }) => text);
    expect(texts).toEqual(["1 file is larger than 40.0 MB", "Uploaded 2 files"]);
  });

  it("names a project after its folder or its archive", () => {
    const folder = asProject(gathered(item("app/main.py"), item("app/lib/x.py")));
    expect(folder.name).toBe("app");
    expect(folder.gathered.items.map(({ path }) => path)).toEqual(["main.py", "lib/x.py"]);
    expect(asProject(gathered(item("flask-3.0.tar.gz"))).name).toBe("flask-3.0");
    expect(asProject(gathered(item("a.py"), item("b.py"))).name).toBe("Uploaded files");
  });

  it("knows archives and common folders", () => {
    expect(["a.zip", "b.tgz", "c.tar.zst", "d.gz"].map(isArchive)).toEqual([true, true, true, false]);
    expect(commonRoot([item("a/x"), item("b/y")])).toBeNull();
    expect(commonRoot([item("x")])).toBeNull();
    expect(strip([item("a/x")], "a")[0]!.path).toBe("x");
  });
});
