import type { Knex } from "knex";
import { z } from "zod";

export interface Filter {
  values: z.ZodType;
  narrow(query: Knex.QueryBuilder, value: string): void;
}

/** By one of some words in a column. */
export function byWord(column: string, words: [string, ...string[]]): Filter {
  return { values: z.enum(words), narrow: (query, word) => void query.where(column, word) };
}

/** By a text that any of the columns holds, in either case. */
export function bySearch(columns: [string, ...string[]]): Filter {
  return {
    values: z.string().trim().min(1, { error: "may not be empty" }).max(200),
    narrow(query, text) {
      const pattern = `%${text.replaceAll(/[\\%_]/g, "\\$&")}%`;
      void query.where((either) => {
        for (const column of columns) void either.orWhereILike(column, pattern);
      });
    },
  };
}

/** By a time it was created at or after, or at or before. A day is meant as a whole, in UTC. */
export function byTime(column: string, comparison: ">=" | "<="): Filter {
  const error = "must be a time such as 2026-01-31T00:00:00Z, or a day";
  return {
    values: z.iso.datetime({ offset: true, error }).or(z.iso.date({ error })),
    narrow(query, time) {
      const start = time.includes("T") ? time : `${time}T00:00:00Z`;
      if (start === time || comparison === ">=") void query.where(column, comparison, start);
      else void query.whereRaw("?? < ?::timestamptz + interval '24 hours'", [column, start]);
    },
  };
}

/** By a flag that words stand for; `any` leaves all. */
export function byFlag(column: string, words: Record<string, boolean>): Filter {
  return {
    values: z.enum([...Object.keys(words), "any"]),
    narrow: (query, word) => void (word !== "any" && query.where(column, words[word] ?? false)),
  };
}
