/**
 * Limits the bytes held at once: `most` in total, `each` per holder.
 * @returns a function that runs work that holds so many bytes, or returns undefined if there is no room for them.
 */
export function createByteBudget({ most, each }: { most: number; each: number }) {
  const held = new Map<string, number>();
  let total = 0;

  function hold(holder: string, bytes: number): void {
    const own = (held.get(holder) ?? 0) + bytes;
    total += bytes;
    if (own === 0) held.delete(holder);
    else held.set(holder, own);
  }

  return <Result>(
    holder: string,
    bytes: number,
    work: () => Promise<Result>,
  ): Promise<Result> | undefined => {
    if (total + bytes > most || (held.get(holder) ?? 0) + bytes > each) return undefined;
    hold(holder, bytes);
    return work().finally(() => hold(holder, -bytes));
  };
}
