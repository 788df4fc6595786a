/** What an uploaded project is written in, by its files. Pure. */
import { extension } from "@/lib/path";

interface Spoken {
  name: string;
  extensions: readonly string[];
}

/** The runtime that most files belong to; none when there is no such file. */
export function commonLanguage(paths: readonly string[], runtimes: readonly Spoken[]): string | undefined {
  const byExtension = new Map(runtimes.flatMap(({ name, extensions }) => extensions.map((each): [string, string] => [each.replace(/^\./, ""), name])));
  const counts = new Map<string, number>();
  for (const path of paths) {
    const name = byExtension.get(extension(path));
    if (name) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}
