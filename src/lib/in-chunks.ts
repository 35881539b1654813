/**
 * Repeats a step until it finds less than a full chunk.
 * @param step processes at most `size` rows, and returns how many.
 * @param aborted asked before each step; true leaves the rest to a later run.
 * @returns the number of rows processed.
 */
export async function inChunks(
  size: number,
  aborted: () => boolean,
  step: () => Promise<number>,
): Promise<number> {
  let total = 0;
  for (let done = size; done === size && !aborted(); total += done) done = await step();
  return total;
}
