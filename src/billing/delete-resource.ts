import type { Knex } from "knex";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { PENDING_PAYMENT, type SharedResource } from "../models/shared-resources.ts";
import { lockResource, type Owner, type ResourceKey, resourcesOf, rowsOf } from "./owned-resources.ts";
import { payments, type ResourceKind, subscriptions } from "./resource-kinds.ts";
import { lockOwner } from "./write-rules.ts";

/** The columns by which subscriptions and payments need another resource. Finished ones don't: they lose the reference. */
const NEEDED_BY: Partial<Record<ResourceKind["name"], string>> = {
  customer: "customer_id",
  payment_method: "payment_method_id",
};

/**
 * Deletes a resource for good.
 * @throws 403 when the permission was lost, 404, 409 while a subscription or an open payment needs it.
 */
export function deleteResource<Row extends SharedResource>(
  { db }: Pick<Context, "db">,
  kind: ResourceKind<Row>,
  key: ResourceKey,
  actor: Actor,
): Promise<void> {
  const { id, owner } = key;
  return transaction(db, async (trx) => {
    await lockOwner(trx, owner, { permission: kind.manage, alone: false });
    // Waits for transactions that are linking to the row; later ones find it gone.
    await lockResource(trx, kind, key);
    const column = NEEDED_BY[kind.name];
    if (column !== undefined && (await isNeeded(trx, owner, { [column]: id }))) {
      const what = kind.name.replace("_", " ");
      const detail = `A subscription or an open payment uses this ${what}. End or change that first.`;
      throw conflict("in_use", detail);
    }
    await rowsOf(kind, trx).deleteById(id);
    await recordEvent(trx, actor, `${kind.name}.deleted`, { ...owner, id });
  });
}

/** Only the owner's own rows count. A link that another user made in an organization that no longer exists blocks nobody. */
async function isNeeded(trx: Knex.Transaction, owner: Owner, link: Record<string, string>): Promise<boolean> {
  const subscription = await resourcesOf(trx, subscriptions, owner)
    .where(link)
    .whereRaw("subscription_status(subscriptions) <> 'canceled'")
    .first()
    .select("id");
  if (subscription !== undefined) return true;
  const payment = await resourcesOf(trx, payments, owner)
    .where(link)
    .whereIn("status", [...PENDING_PAYMENT, "requires_action", "processing"])
    .first()
    .select("id");
  return payment !== undefined;
}
