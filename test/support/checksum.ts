import type { Knex } from "knex";

/** Returns a text that changes with any row of any table of ours. */
export async function checksum(db: Knex): Promise<string> {
  const tables: string[] = await db("pg_tables")
    .where({ schemaname: "public" })
    .orderBy("tablename")
    .pluck("tablename");
  const sums = tables.map((table) =>
    db.raw(`(select md5(string_agg(t::text, '|' order by t::text)) from ?? t)`, [table]),
  );
  const { rows } = await db.raw(
    `select concat_ws(' ', ${sums.map((sum, n) => `'${tables[n]}', ${sum}`).join(", ")}) as sum`,
  );
  return rows[0].sum;
}
