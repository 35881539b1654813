import { setImmediate } from "node:timers/promises";

/** Items worked on at a time. */
const TURN = 100;

/** Maps many items, and lets the rest of the process have its turn in between. */
export async function inTurns<Item, Result>(items: Item[], map: (item: Item) => Result): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += TURN) {
    for (const item of items.slice(start, start + TURN)) results.push(map(item));
    await setImmediate();
  }
  return results;
}
