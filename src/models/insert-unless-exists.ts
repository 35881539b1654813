import type { Knex } from "knex";
import type { Model } from "objection";
import type { BaseModel } from "./base-model.ts";

/**
 * Inserts unless a unique constraint says the row exists: the constraint decides, also between two that come at once.
 * In knex, since Objection's insert can't tell the two apart.
 * @param row columns; `db.fn.now()` and the like where the database computes one.
 * @returns undefined when a row like it exists; then nothing has changed.
 */
export async function insertUnlessExists<Row extends BaseModel>(
  table: { tableName: string; new (): Row },
  db: Knex,
  row: Partial<Record<Exclude<keyof Row, keyof Model>, unknown>>,
): Promise<Row | undefined> {
  const [inserted] = await db(table.tableName).insert(row).onConflict().ignore().returning("*");
  return inserted === undefined ? undefined : new table().$setDatabaseJson(inserted);
}
