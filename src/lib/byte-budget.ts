/**
 * Does work that holds so many bytes, if they are to be had.
 * @param holder who they count for.
 * @returns undefined where there is no room, and what `work` makes otherwise.
 */
export type ByteBudget = <Result>(
  holder: string,
  bytes: number,
  work: () => Promise<Result>,
) => Promise<Result> | undefined;

/** Bounds the bytes that are held at once: `most` in all, `each` by one holder. */
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
