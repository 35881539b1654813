/** Rows that are counted beyond a page, so that a total costs no more where there are millions. */
const COUNTED = 10_000;

export interface CountedPage<Row> {
  rows: Row[];
  /** How many rows there are: exact up to 10,000 beyond this page, and never more than there are. */
  total: number;
}

/**
 * Reads a page and its total. The last page needs no count.
 * @param find reads up to `limit` rows from `offset` on.
 * @param count counts rows, up to `most`.
 */
export async function countedPage<Row>(
  { limit, offset }: { limit: number; offset: number },
  find: (page: { limit: number; offset: number }) => Promise<Row[]>,
  count: (most: number) => Promise<Array<{ total: number }>>,
): Promise<CountedPage<Row>> {
  const found = await find({ limit: limit + 1, offset });
  const isLast = found.length <= limit && (found.length > 0 || offset === 0);
  if (isLast) return { rows: found, total: offset + found.length };
  const [counted] = await count(offset + limit + COUNTED);
  return { rows: found.slice(0, limit), total: counted?.total ?? 0 };
}
