/**
 * Runs work that holds memory, if there is room for it.
 * @param holder whose share the bytes count towards.
 * @returns the result of `work`, or undefined when there is no room.
 */
export type ByteBudget = <Result>(
  holder: string,
  bytes: number,
  work: () => Promise<Result>,
) => Promise<Result> | undefined;

/** Limits the bytes held at once: `most` in total, `each` per holder. */
export function createByteBudget({ most, each }: { most: number; each: number }): ByteBudget {
  const held = new Map<string, number>();
  let total = 0;

  function hold(holder: string, bytes: number): void {
    const own = (held.get(holder) ?? 0) + bytes;
    total += bytes;
    if (own === 0) held.delete(holder);
    else held.set(holder, own);
  }

  return (holder, bytes, work) => {
    if (total + bytes > most || (held.get(holder) ?? 0) + bytes > each) return undefined;
    hold(holder, bytes);
    return work().finally(() => hold(holder, -bytes));
  };
}
