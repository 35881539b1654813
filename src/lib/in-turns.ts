import { setImmediate } from "node:timers/promises";

/** Items per turn. */
const TURN = 100;

/** Maps many items, and yields to the rest of the process in between. */
export async function inTurns<Item, Result>(items: Item[], map: (item: Item) => Result): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += TURN) {
    for (const item of items.slice(start, start + TURN)) results.push(map(item));
    await setImmediate();
  }
  return results;
}
