import { createHash } from "node:crypto";
import type { Knex } from "knex";
import { remember } from "../lib/remember.ts";
import { runPrepared } from "./statement.ts";

/** Texts kept in this process. Applications ask for a few dozen; the rest are somebody trying combinations. */
const KEPT = 500;

/** No text in Postgres can hold a NUL, so nothing else in a query looks like a parameter. */
const MARK = "\0";

/** Stands in a query for a value that each run gives. */
export function parameter(name: string): string {
  return MARK + name;
}

/** Stand for the parameters `limit` and `offset`, because knex takes only numbers there. */
export const LIMIT = Number.MAX_SAFE_INTEGER;
export const OFFSET = LIMIT - 1;

const NUMBERS = new Map<unknown, string>([
  [LIMIT, "limit"],
  [OFFSET, "offset"],
]);

export type Values = Record<string, unknown>;

interface Compiled {
  name: string;
  text: string;
  bindings: Array<{ parameter: string } | { constant: unknown }>;
}

/** Texts by what they were built from, the least recently used first. */
const kept = new Map<string, Compiled>();

/**
 * Defines a query whose text depends on a shape, such as which filters it has. The text is built once per shape, by
 * knex or Objection, and then runs as a prepared statement.
 * @param name the first part of the names of its statements.
 * @param build gets nothing but the shape, so that no value of one run ends up in the text of the next. It writes
 *   `parameter(name)` where a value belongs.
 * @returns a function that runs it, inside a transaction when given one. The shape is JSON.
 */
export function preparedQuery<Shape extends object>(
  name: string,
  build: (db: Knex, shape: Shape) => { toKnexQuery(): Knex.QueryBuilder },
) {
  return async <Row>(db: Knex, shape: Shape, values: Values): Promise<Row[]> => {
    const key = `${name} ${JSON.stringify(shape)}`;
    const compiled = kept.get(key) ?? compile(name, build(db, shape).toKnexQuery());
    remember(kept, key, compiled, KEPT);
    return runPrepared<Row>(db, { ...compiled, values: valuesFor(compiled, values) });
  };
}

function compile(name: string, query: Knex.QueryBuilder): Compiled {
  const { sql: text, bindings } = query.toSQL().toNative();
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return {
    name: `${name}-${hash}`,
    text,
    bindings: bindings.map((binding: unknown) => {
      const number = NUMBERS.get(binding);
      if (number !== undefined) return { parameter: number };
      return typeof binding === "string" && binding.startsWith(MARK)
        ? { parameter: binding.slice(MARK.length) }
        : { constant: binding };
    }),
  };
}

/** @throws for a parameter without a value, which is a bug. */
function valuesFor({ name, bindings }: Compiled, values: Values): unknown[] {
  return bindings.map((binding) => {
    if ("constant" in binding) return binding.constant;
    if (values[binding.parameter] === undefined) throw new Error(`${name} needs ${binding.parameter}.`);
    return values[binding.parameter];
  });
}
