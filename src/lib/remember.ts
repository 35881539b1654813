/** Sets a key of a map as its newest, and forgets the oldest key if the map has more than `most`. */
export function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, most: number): void {
  // Moves the key to the end, because a map keeps the order of insertion.
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
