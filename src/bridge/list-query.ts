import { z } from "zod";
import type { ResourceFilter } from "../billing/list-resources.ts";

/** The part of a list to return. */
export interface Paging {
  limit: number;
  offset: number;
}

/** The last page that can be read. To get further, narrow the list with a filter. */
export const LAST_PAGE = 100_000;

/** A whole number in a query. */
export const whole = (least: number, most: number) =>
  z.coerce
    .number({ error: `must be a whole number from ${least} to ${most}` })
    .int({ error: `must be a whole number from ${least} to ${most}` })
    .min(least, { error: `must be at least ${least}` })
    .max(most, { error: `may be at most ${most}` });

/** The parameters `page` and `limit`. @param largest the most rows on a page. */
export function pageParameters(largest: number) {
  return {
    page: whole(1, LAST_PAGE).default(1).describe("The page, from 1."),
    limit: whole(1, largest).default(20).describe("How many on a page."),
  };
}

export function pagingOf(query: { page: number; limit: number; offset?: number | undefined }): Paging {
  return { limit: query.limit, offset: query.offset ?? (query.page - 1) * query.limit };
}

export interface Filter extends ResourceFilter {
  values: z.ZodType;
}

/** Filters by one of the words a column can have. */
export function byWord(column: string, words: readonly string[]): Filter {
  return {
    values: z.enum(words).describe(`Only those with this ${column}.`),
    narrow: (query, word) => void query.where(column, word),
  };
}

/** Filters by text that any of the columns contains, ignoring case. */
export function bySearch(columns: [string, ...string[]]): Filter {
  return {
    values: z
      .string()
      .trim()
      .min(1, { error: "may not be empty" })
      .max(200)
      .transform((text) => `%${text.replaceAll(/[\\%_]/g, "\\$&")}%`)
      .describe("Only those that contain this text, ignoring case."),
    narrow(query, pattern) {
      void query.where((either) => {
        for (const column of columns) void either.orWhere(column, "ilike", pattern);
      });
    },
  };
}

/** Filters by time, inclusively. A date means the whole day, in UTC. */
export function byTime(column: string, comparison: ">=" | "<="): Filter {
  const error = "must be a time such as 2026-01-31T00:00:00Z, or a day";
  return {
    values: z.iso
      .datetime({ offset: true, error })
      .or(
        z.iso
          .date({ error })
          .transform((day) => (comparison === ">=" ? `${day}T00:00:00Z` : `${day}T23:59:59.999999Z`)),
      )
      .describe(
        comparison === ">="
          ? "Only those created then or later: a time, or a day, in UTC."
          : "Only those created then or earlier: a time, or a whole day, in UTC.",
      ),
    narrow: (query, time) => void query.where(column, comparison, time),
  };
}

/** Filters by a flag that words stand for; `any` matches all. */
export function byFlag(column: string, words: Record<string, boolean>, description: string): Filter {
  return {
    values: z.enum([...Object.keys(words), "any"]).describe(description),
    byWords: true,
    narrow: (query, word) => void (word !== "any" && query.where(column, words[word] ?? false)),
  };
}

/** What a kind's list can do. */
export interface ListDeclaration {
  /** The most rows on a page. */
  largestPage: number;
  /** How the list can be narrowed, besides by organization. */
  filters: Record<string, Filter>;
  /** What it can be ordered by besides times, and the columns behind it. */
  orders: Record<string, string>;
}
