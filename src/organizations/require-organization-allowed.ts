import type { Knex } from "knex";
import { forbidden } from "../errors.ts";
import { quotaSql } from "../models/quotas.ts";

/**
 * Refuses an organization that would be one too many for the user. Those they created count, whoever owns them by now:
 * so nobody uses up another's quota by handing organizations over, nor gets more by giving theirs away. The user is
 * locked, so that each of many that come at once sees those before it.
 * @throws 403.
 */
export async function requireOrganizationAllowed(
  trx: Knex.Transaction,
  environment_id: string,
  user_id: string,
): Promise<void> {
  await trx("users").where({ id: user_id }).forNoKeyUpdate().select("id");
  const quota = quotaSql("e.settings", "organizations_per_user");
  const { rows } = await trx.raw<{ rows: Array<{ is_reached: boolean }> }>(
    `select coalesce((
       select count(*) from organizations o where o.creator_user_id = :user_id and o.deleting_at is null
     ) >= ${quota}, false) as is_reached
     from environments e where e.id = :environment_id`,
    { environment_id, user_id },
  );
  if (rows[0]?.is_reached !== true) return;
  const detail =
    "You have created as many organizations as you may. Delete one, or ask the operator for more.";
  throw forbidden("organization_limit", detail);
}
