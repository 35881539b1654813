/**
 * Combines many small writes into few large ones without a delay. An item that arrives while no write is running is
 * written at once. Items that arrive during a write form the next one.
 * @param write takes a batch of 1 to `limit` items. If it rejects, every item of the batch does.
 * @param limit the most items in one write.
 * @returns a function that adds an item and settles when the write holding it has settled.
 */
export function coalesce<Item>(
  write: (items: Item[]) => Promise<void>,
  limit: number,
): (item: Item) => Promise<void> {
  let waiting: Array<{ item: Item; resolve: () => void; reject: (error: unknown) => void }> = [];
  let running = false;

  async function drain(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, limit);
      waiting = waiting.slice(limit);
      try {
        await write(batch.map((entry) => entry.item));
        for (const entry of batch) entry.resolve();
      } catch (error) {
        for (const entry of batch) entry.reject(error);
      }
    }
    running = false;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!running) void drain();
    });
}
