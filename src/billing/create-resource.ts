import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import type { SharedResource } from "../models/shared-resources.ts";
import { type Columns, type Owner, rowsOf } from "./owned-resources.ts";
import type { ResourceKind } from "./resource-kinds.ts";
import { lockOwner, releaseDefault, requireOwnLinks, requireResourceAllowed } from "./write-rules.ts";

/**
 * Creates a resource of an organization, or of the user's own.
 * @throws 403 when the organization is being deleted or the permission was lost, 422 for a link to another owner's
 *   resource, 429 when the user has added too many.
 */
export function createResource<Row extends SharedResource>(
  { db }: Pick<Context, "db">,
  kind: ResourceKind<Row>,
  owner: Owner,
  values: Columns<Row>,
  actor: Actor,
): Promise<Row> {
  return transaction(db, async (trx) => {
    const isDefault = "is_default" in values && values.is_default === true;
    await lockOwner(trx, owner, { permission: kind.manage, alone: isDefault });
    if (actor.kind === "user") await requireResourceAllowed(trx, kind, owner);
    await requireOwnLinks(trx, kind, owner, values);
    if (isDefault) await releaseDefault(trx, kind, owner, values);
    const row: object = { ...values, ...owner, id: newId(kind.prefix) };
    const created = await rowsOf(kind, trx).insert(row).returning("*").castTo<Row>();
    await recordEvent(trx, actor, `${kind.name}.created`, created);
    return created;
  });
}
