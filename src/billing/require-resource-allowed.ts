import type { Knex } from "knex";
import { tooSoon } from "../errors.ts";
import { quotaSql } from "../models/quotas.ts";
import type { Owner } from "./owned-by.ts";
import type { ResourceKind } from "./resource-kinds.ts";

/**
 * Refuses a resource that would be one too many for its creator in 24 hours. Only the one that reaches the quota, counted
 * from the newest, is looked at, so the cost doesn't grow with what the user has. Requests that come at the same moment
 * may go beyond by as many.
 * @throws 429 with `Retry-After`.
 */
export async function requireResourceAllowed(
  trx: Knex.Transaction,
  { model }: ResourceKind,
  { environment_id, user_id }: Owner,
): Promise<void> {
  const { rows } = await trx.raw<{ rows: Array<{ wait: number }> }>(
    `select extract(epoch from r.created_at + interval '24 hours' - now())::float8 as wait
     from environments e cross join lateral (
       select created_at from ?? where user_id = ? order by id desc
       offset ${quotaSql("e.settings", "resources_per_user")} - 1 limit 1
     ) r
     where e.id = ? and e.settings->'quotas'->>'resources_per_user' is distinct from 'unlimited'`,
    [model.tableName, user_id, environment_id],
  );
  const [{ wait } = { wait: 0 }] = rows;
  if (wait <= 0) return;
  const detail =
    "You have added as many of these as you may in 24 hours. Try again later, or ask the operator for more.";
  throw tooSoon("resource_limit", detail, wait);
}
