import type { Knex } from "knex";
import type { Permission } from "../access/permissions.ts";
import { forbidden, invalid, tooSoon } from "../errors.ts";
import { Organization } from "../models/organization.ts";
import { quotaSql } from "../models/quotas.ts";
import type { SharedResource } from "../models/shared-resources.ts";
import { User } from "../models/user.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";
import { type Owner, resourcesOf } from "./owned-resources.ts";
import type { ResourceKind } from "./resource-kinds.ts";

/**
 * Locks the owner while one of their resources is written. The deletion of an organization can't begin in between, and
 * nothing is added to one that is being deleted. A user who lost the permission while this waited is refused.
 * @param alone locks out other writers, for a rule that spans several rows; otherwise any number may write at once.
 * @throws 403.
 */
export async function lockOwner(
  trx: Knex.Transaction,
  { environment_id, user_id, organization_id }: Owner,
  { permission, alone }: { permission: Permission; alone: boolean },
): Promise<void> {
  if (organization_id === null) {
    if (alone)
      await User.query(trx).findById(user_id).where({ environment_id }).forNoKeyUpdate().select("id");
    return;
  }
  const organization = Organization.query(trx)
    .findById(organization_id)
    .where({ environment_id })
    .whereNull("deleting_at")
    .select("id");
  const locked = await (alone ? organization.forNoKeyUpdate() : organization.forShare());
  if (locked === undefined)
    throw forbidden("forbidden", "The organization no longer exists, or is being deleted.");
  await requirePermissionNow(trx, { kind: "user", user_id }, organization_id, permission);
}

/**
 * Refuses links to resources of other owners, and locks the linked rows so that they can't be deleted before the
 * transaction ends.
 * @throws 422 naming the field; another owner's id and an unknown one look the same.
 */
export async function requireOwnLinks<Row extends SharedResource>(
  trx: Knex.Transaction,
  { links }: ResourceKind<Row>,
  owner: Owner,
  values: object,
): Promise<void> {
  const given = new Map<string, unknown>(Object.entries(values));
  for (const [column, kind] of Object.entries(links)) {
    const id = given.get(column);
    if (typeof id !== "string") continue;
    const linked = await resourcesOf(trx, kind, owner).findById(id).forKeyShare().select("id");
    if (linked !== undefined) continue;
    const name = kind.name.replace("_", " ");
    const whose = owner.organization_id === null ? "you" : "the organization";
    throw invalid("foreign_link", `${column}: no such ${name} belongs to ${whose}.`, `/${column}`);
  }
}

/**
 * Ends the owner's current default to make room for another. The caller must hold the owner's lock alone.
 * @param next the row that becomes the default.
 */
export async function releaseDefault<Row extends SharedResource>(
  trx: Knex.Transaction,
  kind: ResourceKind<Row>,
  owner: Owner,
  next: object,
): Promise<void> {
  const values = new Map<string, unknown>(Object.entries(next));
  const among = (kind.defaultAmong ?? []).map((column) => [column, values.get(column)]);
  await resourcesOf(trx, kind, owner)
    .where({ ...Object.fromEntries(among), is_default: true })
    .patch({ is_default: false, updated_at: trx.fn.now() } as object);
}

/**
 * Refuses a resource beyond the number its creator may add in 24 hours. It looks up only the row that reaches the quota,
 * counted from the newest, so the cost doesn't grow with the number of rows. Simultaneous requests may exceed the quota
 * by their number.
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
    "You have added as many of these as you may in 24 hours. Try again later, or ask the operator to raise the limit.";
  throw tooSoon("resource_limit", detail, wait);
}
