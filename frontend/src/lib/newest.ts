/** Bounded collections that keep the newest entries. Pure except for `trim`. */

/** Removes the oldest entries beyond `most`. */
export function trim<K, V>(map: Map<K, V>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}

/** The record with one more entry, without the oldest beyond `most`. */
export function withNewest<V>(record: Readonly<Record<string, V>>, key: string, value: V, most: number): Record<string, V> {
  return Object.fromEntries([...Object.entries(record).filter(([other]) => other !== key), [key, value]].slice(-most)) as Record<string, V>;
}

export function without<V>(record: Readonly<Record<string, V>>, key: string): Record<string, V> {
  return Object.fromEntries(Object.entries(record).filter(([other]) => other !== key));
}
