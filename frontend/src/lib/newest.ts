/** Keeping only the newest of what would otherwise grow as long as a tab is open. Pure but for `trim`. */

/** Lets go of the oldest entries beyond `most`. */
export function trim<K, V>(map: Map<K, V>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}

/** The record with an entry more, and without the oldest beyond `most`. */
export function withNewest<V>(record: Readonly<Record<string, V>>, key: string, value: V, most: number): Record<string, V> {
  return Object.fromEntries([...Object.entries(record).filter(([other]) => other !== key), [key, value]].slice(-most)) as Record<string, V>;
}

export function without<V>(record: Readonly<Record<string, V>>, key: string): Record<string, V> {
  return Object.fromEntries(Object.entries(record).filter(([other]) => other !== key));
}
