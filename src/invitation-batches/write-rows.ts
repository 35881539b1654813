import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import type { InvitationBatch } from "../models/invitation-batch.ts";
import type { NewRow } from "./new-rows.ts";

/** Rows per statement. */
const AT_ONCE = 2_500;

const insertRows = statement<never, { environment_id: string; batch_id: string; rows: string }>(
  "insert-invitation-batch-rows",
  { environment_id: "text", batch_id: "text", rows: "jsonb" },
  `
  insert into invitation_batch_rows (id, environment_id, batch_id, number, line, input, email, status, code, detail, invitation_id)
  select id, :environment_id, :batch_id, number, line, input, email, status, code, detail, invitation_id
  from jsonb_to_recordset(:rows) as row (
    id text, number int, line int, input jsonb, email text, status text, code text, detail text, invitation_id text
  )`,
);

export async function writeRows(
  trx: Knex.Transaction,
  { id, environment_id }: Pick<InvitationBatch, "id" | "environment_id">,
  rows: NewRow[],
): Promise<void> {
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    const some = JSON.stringify(rows.slice(start, start + AT_ONCE));
    await insertRows(trx, { environment_id, batch_id: id, rows: some });
  }
}
