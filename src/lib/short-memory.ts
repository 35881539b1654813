/** Remembers a limited number of keys for a while, and forgets the oldest first. */
export interface ShortMemory {
  has(key: string): boolean;
  add(key: string): void;
}

/** @param milliseconds how long. @param size how many. @param now milliseconds, injected by tests. */
export function createShortMemory(
  milliseconds: number,
  size: number,
  now: () => number = Date.now,
): ShortMemory {
  const endsAt = new Map<string, number>();
  return {
    has: (key) => (endsAt.get(key) ?? 0) > now(),
    add(key) {
      // Moves the key to the end: a map keeps the order of insertion.
      endsAt.delete(key);
      endsAt.set(key, now() + milliseconds);
      if (endsAt.size > size) endsAt.delete(endsAt.keys().next().value ?? "");
    },
  };
}
