import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, OfflineError } from "@/api/problem";
import type { FileEntry } from "@/api/types";
import { DocumentSync, type Port } from "./sync";

/** An editor and a server, each with a text; versions count as Monaco's do. */
class World implements Port {
  texts: string[] = [];
  server = { text: "one", etag: "1" };
  online = true;
  read = vi.fn(async () => this.entry());
  write = vi.fn(async (_id: string, text: string, etag: string | null) => {
    if (!this.online) throw new OfflineError();
    if (etag !== this.server.etag) throw new ApiError({ type: "", title: "", status: 412, detail: "", code: "precondition_failed" });
    this.server = { text, etag: String(Number(this.server.etag) + 1) };
    return this.entry();
  });
  changed = vi.fn();
  schedule = vi.fn();
  retry = vi.fn();
  failed = vi.fn();
  private now = "one";
  private seen = ["one"];

  text = () => this.now;
  version = () => this.seen.indexOf(this.now);
  replace = (text: string) => this.type(text);
  type(text: string): void {
    this.now = text;
    if (!this.seen.includes(text)) this.seen.push(text);
  }
  private entry(): FileEntry {
    return { id: "f", content: this.server.text, etag: this.server.etag } as FileEntry;
  }
}

let world: World;
let sync: DocumentSync;
const type = (text: string) => {
  world.type(text);
  sync.edited();
};
beforeEach(() => {
  world = new World();
  sync = new DocumentSync("f", "one", "1", world);
});

describe("DocumentSync", () => {
  it("sends nothing to a file that was deleted elsewhere, however much is typed", async () => {
    type("two");
    sync.markDeleted();
    type("three");
    expect(sync.phase).toBe("gone");
    expect(await sync.save()).toBe(false);
    expect(world.write).not.toHaveBeenCalled();
    expect(sync.dirty).toBe(true);
  });

  it("saves with the version it started from", async () => {
    type("two");
    expect(sync.phase).toBe("dirty");
    expect(await sync.save()).toBe(true);
    expect(world.write).toHaveBeenCalledWith("f", "two", "1");
    expect(sync.phase).toBe("clean");
    expect(sync.etag).toBe("2");
  });

  it("is clean again when the change is undone", () => {
    type("two");
    type("one");
    expect(sync.phase).toBe("clean");
  });

  it("stays dirty when typing went on during the request", async () => {
    type("two");
    const saving = sync.save();
    type("three");
    expect(await saving).toBe(false);
    expect(sync.phase).toBe("dirty");
    expect(await sync.save()).toBe(true);
    expect(world.server.text).toBe("three");
  });

  it("never writes over another's version: a refusal becomes a conflict", async () => {
    type("mine");
    world.server = { text: "theirs", etag: "9" };
    expect(await sync.save()).toBe(false);
    expect(sync.phase).toBe("conflict");
    expect(sync.conflict).toEqual({ base: "one", theirs: "theirs", etag: "9", renewed: false });
    expect(await sync.save()).toBe(false);
    expect(world.server.text).toBe("theirs");
  });

  it("sends the merge on top of the version that was merged", async () => {
    type("mine");
    world.server = { text: "theirs", etag: "9" };
    await sync.save();
    expect(await sync.resolve("both")).toBe(true);
    expect(world.server).toEqual({ text: "both", etag: "10" });
    expect(sync.phase).toBe("clean");
  });

  it("merges again when the server moved on during the merge", async () => {
    type("mine");
    world.server = { text: "theirs", etag: "9" };
    await sync.save();
    world.server = { text: "newer", etag: "12" };
    expect(await sync.resolve("both")).toBe(false);
    expect(sync.conflict).toEqual({ base: "theirs", theirs: "newer", etag: "12", renewed: true });
  });

  it("renews an open conflict when they save again", async () => {
    type("mine");
    world.server = { text: "theirs", etag: "9" };
    await sync.save();
    world.server = { text: "newer", etag: "10" };
    await sync.remote("10");
    expect(sync.phase).toBe("conflict");
    expect(sync.conflict).toEqual({ base: "one", theirs: "newer", etag: "10", renewed: true });
    expect(world.text()).toBe("mine");
  });

  describe("with changes that do not touch each other", () => {
    const lines = (...all: string[]) => all.join("\n");
    beforeEach(() => {
      world.server = { text: lines("a", "b", "c", "d"), etag: "1" };
      world.type(world.server.text);
      sync = new DocumentSync("f", world.server.text, "1", world);
    });

    it("merges them by itself and saves the result", async () => {
      type(lines("mine", "b", "c", "d"));
      world.server = { text: lines("a", "b", "c", "theirs"), etag: "9" };
      expect(await sync.save()).toBe(true);
      expect(world.server).toEqual({ text: lines("mine", "b", "c", "theirs"), etag: "10" });
      expect(world.text()).toBe(world.server.text);
    });

    it("gives up on a file that changes with every request, and keeps the text", async () => {
      type(lines("mine", "b", "c", "d"));
      world.write.mockImplementation(async () => {
        world.server = { text: lines("a", "b", "c", `theirs ${world.write.mock.calls.length}`), etag: `x${world.write.mock.calls.length}` };
        throw new ApiError({ type: "", title: "", status: 412, detail: "", code: "precondition_failed" });
      });
      expect(await sync.save()).toBe(false);
      expect(sync.phase).toBe("dirty");
      expect(world.text()).toContain("mine");
      expect(world.schedule).toHaveBeenCalled();
    });

    it("takes up a kept draft the same way", async () => {
      await sync.restore(lines("a", "b", "c", "draft"), lines("zero", "b", "c", "d"), "0");
      expect(sync.phase).toBe("dirty");
      expect(world.text()).toBe(lines("a", "b", "c", "draft"));
    });
  });

  it("makes no conflict of equal texts", async () => {
    type("same");
    world.server = { text: "same", etag: "9" };
    await sync.save();
    expect(sync.phase).toBe("clean");
    expect(sync.etag).toBe("9");
  });

  it("waits while offline and sends afterwards", async () => {
    type("two");
    world.online = false;
    await sync.save();
    expect(sync.phase).toBe("offline");
    expect(world.failed).not.toHaveBeenCalled();
    world.online = true;
    expect(await sync.save()).toBe(true);
  });

  it("follows another's save when clean, and leaves a dirty text alone", async () => {
    world.server = { text: "theirs", etag: "9" };
    await sync.remote("9");
    expect(world.text()).toBe("theirs");
    expect(sync.phase).toBe("clean");
    type("mine");
    world.server = { text: "again", etag: "10" };
    await sync.remote("10");
    expect(world.text()).toBe("mine");
  });

  it("takes up a kept draft, with a conflict when the file has moved on", async () => {
    await sync.restore("draft", "one", "1");
    expect(sync.phase).toBe("dirty");
    sync = new DocumentSync("f", "one", "1", world);
    await sync.restore("draft", "zero", "0");
    expect(sync.conflict).toEqual({ base: "zero", theirs: "one", etag: "1" });
  });

  it("tries a failed save again, later each time, and says so after three", async () => {
    type("two");
    const fault = () => new ApiError({ type: "", title: "", status: 500, detail: "", code: "internal" });
    for (const told of [0, 0, 1]) {
      world.write.mockRejectedValueOnce(fault());
      expect(await sync.save()).toBe(false);
      expect(sync.phase).toBe("retrying");
      expect(world.failed).toHaveBeenCalledTimes(told);
    }
    const waits = world.retry.mock.calls.map(([ms]) => ms as number);
    expect(waits).toHaveLength(3);
    expect(waits[2]).toBeGreaterThan(waits[0]!);
    type("three");
    expect(sync.phase).toBe("retrying");
    expect(await sync.save()).toBe(true);
    expect(world.server.text).toBe("three");
  });

  it("does not repeat a save that the server will never take", async () => {
    type("two");
    world.write.mockRejectedValueOnce(new ApiError({ type: "", title: "", status: 413, detail: "", code: "payload_too_large" }));
    await sync.save();
    expect(sync.phase).toBe("failed");
    expect(world.retry).not.toHaveBeenCalled();
  });

  it("says when the file is gone", async () => {
    type("two");
    world.write.mockRejectedValueOnce(new ApiError({ type: "", title: "", status: 404, detail: "", code: "not_found" }));
    await sync.save();
    expect(sync.phase).toBe("gone");
    expect(world.failed).toHaveBeenCalled();
  });
});
