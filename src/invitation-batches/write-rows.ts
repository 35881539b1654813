import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import type { InvitationBatch } from "../models/invitation-batch.ts";
import type { NewRow } from "./new-rows.ts";

/** Rows per statement. */
const AT_ONCE = 2_500;

const insertRows = statement(
  "insert-invitation-batch-rows",
  `
  insert into invitation_batch_rows (id, environment_id, batch_id, number, line, input, email, status, code, detail, invitation_id)
  select id, $1, $2, number, line, input, email, status, code, detail, invitation_id
  from jsonb_to_recordset($3::jsonb) as row (
    id text, number int, line int, input jsonb, email text, status text, code text, detail text, invitation_id text
  )`,
);

export async function writeRows(
  trx: Knex.Transaction,
  { id, environment_id }: Pick<InvitationBatch, "id" | "environment_id">,
  rows: NewRow[],
): Promise<void> {
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    await insertRows(trx, [environment_id, id, JSON.stringify(rows.slice(start, start + AT_ONCE))]);
  }
}
