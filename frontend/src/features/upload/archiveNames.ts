/** The names in an archive, read without unpacking it, so that a person is asked before the server replaces files. */

/** Headers are read of no more bytes than this; the server limits what it unpacks as well. */
const MAX_UNPACKED = 2 ** 30;
const BLOCK = 512;

/** The paths of the files in a zip or tar; null where they can't be read here (damaged, too large). */
export async function namesIn(file: Blob, name: string): Promise<string[] | null> {
  try {
    if (/\.zip$/i.test(name)) return await zipNames(file);
    if (/\.tar$/i.test(name)) return await tarNames(file.stream());
    if (/\.(tgz|tar\.gz)$/i.test(name)) return await tarNames(file.stream().pipeThrough(new DecompressionStream("gzip")));
    if (/\.tar\.zst$/i.test(name)) return await tarNames(await unzstd(file.stream()));
  } catch {
    // The server says what is wrong with it.
  }
  return null;
}

/** Browsers do not read Zstandard themselves. */
async function unzstd(packed: ReadableStream<Uint8Array>): Promise<ReadableStream<Uint8Array>> {
  const { Decompress } = await import("fzstd");
  let decoder: InstanceType<typeof Decompress>;
  return packed.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      start: (out) => void (decoder = new Decompress((chunk) => out.enqueue(chunk))),
      transform: (chunk) => decoder.push(chunk),
      flush: () => decoder.push(new Uint8Array(), true),
    }),
  );
}

const END_OF_ZIP = 0x06054b50;
const ZIP_ENTRY = 0x02014b50;
const MAX_ZIP_TAIL = 22 + 0xffff;

/** Reads the central directory at the end of a zip. */
async function zipNames(file: Blob): Promise<string[] | null> {
  const tail = new DataView(await file.slice(-MAX_ZIP_TAIL).arrayBuffer());
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== END_OF_ZIP) end--;
  if (end < 0) return null;
  const [size, start] = [tail.getUint32(end + 12, true), tail.getUint32(end + 16, true)];
  const view = new DataView(await file.slice(start, start + size).arrayBuffer());
  const names: string[] = [];
  for (let at = 0; at + 46 <= view.byteLength && view.getUint32(at, true) === ZIP_ENTRY;) {
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as [number, number, number];
    names.push(new TextDecoder().decode(new Uint8Array(view.buffer, at + 46, name)).replaceAll("\\", "/"));
    at += 46 + name + extra + comment;
  }
  return names.filter((name) => !name.endsWith("/")).map(plainPath);
}

/** As the server writes it: `./a//b` is `a/b`. */
function plainPath(name: string): string {
  return name
    .split("/")
    .filter((part) => part && part !== ".")
    .join("/");
}

async function tarNames(stream: ReadableStream<Uint8Array>): Promise<string[]> {
  const source = new Source(stream.getReader());
  const names: string[] = [];
  let long: string | null = null;
  for (let block = await source.take(BLOCK); block && block[0]; block = await source.take(BLOCK)) {
    const size = parseInt(text(block, 124, 12), 8) || 0;
    const padded = Math.ceil(size / BLOCK) * BLOCK;
    const type = String.fromCharCode(block[156]!);
    if (type === "L" || type === "x") {
      const data = text((await source.take(padded)) ?? new Uint8Array(), 0, size);
      long = type === "L" ? data : (/\d+ path=([^\n]*)\n/.exec(data)?.[1] ?? long);
      continue;
    }
    const prefix = text(block, 257, 5) === "ustar" && block[263] === 0x30 ? text(block, 345, 155) : "";
    if (type === "0" || type === "\0") names.push(long ?? (prefix ? `${prefix}/` : "") + text(block, 0, 100));
    long = null;
    await source.skip(padded);
  }
  source.close();
  return names.map(plainPath);
}

function text(bytes: Uint8Array, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/** Bytes of a stream in the portions that are asked for. */
class Source {
  private rest = new Uint8Array();
  private total = 0;

  constructor(private readonly reader: ReadableStreamDefaultReader<Uint8Array>) {}

  /** Null at the end. */
  async take(length: number): Promise<Uint8Array | null> {
    const parts: Uint8Array[] = [];
    let have = 0;
    while (have < length) {
      if (!this.rest.length && !(await this.more())) return null;
      const part = this.rest.subarray(0, length - have);
      parts.push(part);
      have += part.length;
      this.rest = this.rest.subarray(part.length);
    }
    if (parts.length === 1) return parts[0]!;
    const all = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0;) {
      if (!this.rest.length && !(await this.more())) return;
      const step = Math.min(left, this.rest.length);
      this.rest = this.rest.subarray(step);
      left -= step;
    }
  }

  close(): void {
    void this.reader.cancel();
  }

  private async more(): Promise<boolean> {
    const { done, value } = await this.reader.read();
    if (done) return false;
    this.total += value.length;
    if (this.total > MAX_UNPACKED) throw new Error("too large to look into");
    this.rest = new Uint8Array(value);
    return true;
  }
}
