import type { Knex } from "knex";
import { statement } from "../db/statement.ts";

const findKnown = statement<{ known: boolean }, { token_hash: Buffer; environment_id: string | null }>(
  "may-be-foreign",
  { token_hash: "bytea", environment_id: "text" },
  `
  select exists (
    select from sessions
    where token_hash = :token_hash and (validated_until is null or environment_id = :environment_id and revoked_at is not null)
  ) as known`,
);

/**
 * Whether a token that is good for nothing here may be somebody else's to judge. Guildhall's own aren't, of whatever
 * environment: nobody else gets to see them. Nor are those that were revoked here: revoked is revoked.
 */
export async function mayBeForeign(
  db: Knex,
  environment_id: string | null,
  token_hash: Buffer,
): Promise<boolean> {
  const [row] = await findKnown(db, { token_hash, environment_id });
  return row?.known === false;
}
