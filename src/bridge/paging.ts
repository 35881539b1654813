import { z } from "zod";

/** Which part of a list: so many rows, after so many. */
export interface Paging {
  limit: number;
  offset: number;
}

/** Pages anybody leafs to; beyond, a filter is the way. */
const LAST_PAGE = 100_000;

const whole = (least: number, most: number) =>
  z.coerce
    .number({ error: `must be a whole number from ${least} to ${most}` })
    .int({ error: `must be a whole number from ${least} to ${most}` })
    .min(least, { error: `must be at least ${least}` })
    .max(most, { error: `may be at most ${most}` });

/** `page` and `limit`, as lists take them. @param largest rows on a page at most. */
export function pageParameters(largest: number) {
  return { page: whole(1, LAST_PAGE).default(1), limit: whole(1, largest).default(20) };
}

/** `limit` and `offset`, as the list of subscriptions takes them besides. */
export const offsetParameter = whole(0, LAST_PAGE * 100).optional();

export function pagingOf(query: { page: number; limit: number; offset?: number | undefined }): Paging {
  return { limit: query.limit, offset: query.offset ?? (query.page - 1) * query.limit };
}
