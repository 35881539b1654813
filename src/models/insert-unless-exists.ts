import type { Knex } from "knex";
import type { Model } from "objection";
import type { BaseModel } from "./base-model.ts";

/**
 * Inserts a row unless a unique constraint finds that it exists, so that of two simultaneous inserts one wins. Uses knex,
 * because Objection's insert doesn't report whether the row was inserted.
 * @param row its columns; `db.fn.now()` and the like for those the database computes.
 * @returns undefined if such a row exists; then nothing has changed.
 */
export async function insertUnlessExists<Row extends BaseModel>(
  table: { tableName: string; new (): Row },
  db: Knex,
  row: Partial<Record<Exclude<keyof Row, keyof Model>, unknown>>,
): Promise<Row | undefined> {
  const [inserted] = await db(table.tableName).insert(row).onConflict().ignore().returning("*");
  return inserted === undefined ? undefined : new table().$setDatabaseJson(inserted);
}
