import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { forbidden } from "../errors.ts";
import { quotaSql } from "../models/quotas.ts";
import { User } from "../models/user.ts";

const findReached = statement<{ is_reached: boolean }, { environment_id: string; user_id: string }>(
  "is-organization-limit-reached",
  { environment_id: "text", user_id: "text" },
  `
  select coalesce((
    select count(*) from organizations o where o.creator_user_id = :user_id and o.deleting_at is null
  ) >= ${quotaSql("e.settings", "organizations_per_user")}, false) as is_reached
  from environments e where e.id = :environment_id`,
);

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
  await User.query(trx).findById(user_id).select("id").forNoKeyUpdate();
  const [found] = await findReached(trx, { environment_id, user_id });
  if (found?.is_reached !== true) return;
  const detail =
    "You have created as many organizations as you may. Delete one, or ask the operator for more.";
  throw forbidden("organization_limit", detail);
}
