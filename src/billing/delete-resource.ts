import type { Knex } from "knex";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { PENDING_PAYMENT, type SharedResource } from "../models/shared-resources.ts";
import { lockResource, type ResourceKey, resourcesOf } from "./find-resource.ts";
import { lockOwner } from "./lock-owner.ts";
import type { Owner } from "./owned-by.ts";
import { payments, type ResourceKind, subscriptions } from "./resource-kinds.ts";

/** What still needs a customer or a payment method. History that is over doesn't: it loses the reference. */
const NEEDED_BY: Partial<Record<ResourceKind["name"], string>> = {
  customer: "customer_id",
  payment_method: "payment_method_id",
};

/**
 * Deletes a resource for good.
 * @throws 403 when the right is lost meanwhile, 404, 409 while a subscription or an open payment needs it.
 */
export function deleteResource<Row extends SharedResource>(
  { db }: Pick<Context, "db">,
  kind: ResourceKind<Row>,
  key: ResourceKey,
  actor: Actor,
): Promise<void> {
  const { id, owner } = key;
  const { environment_id, organization_id } = owner;
  return transaction(db, async (trx) => {
    await lockOwner(trx, owner, { permission: kind.manage, alone: false });
    // The lock waits for whoever is about to link to it, and whoever comes after finds it gone.
    await lockResource(trx, kind, key);
    const column = NEEDED_BY[kind.name];
    if (column !== undefined && (await isNeeded(trx, owner, column, id))) {
      const what = kind.name.replace("_", " ");
      throw conflict(
        "in_use",
        `A subscription or an open payment uses this ${what}: end or change that first.`,
      );
    }
    await trx(kind.model.tableName).where({ id }).delete();
    await recordEvents(trx, actor, [
      { type: `${kind.name}.deleted`, environment_id, organization_id, subject_id: id },
    ]);
  });
}

/** By something of the same owner's. What another had linked to it in an organization that is gone holds nobody up. */
async function isNeeded(trx: Knex.Transaction, owner: Owner, column: string, id: string): Promise<boolean> {
  const subscription = await resourcesOf(trx, subscriptions, owner)
    .where({ [column]: id })
    .whereRaw("subscription_status(subscriptions) <> 'canceled'")
    .first("id");
  if (subscription !== undefined) return true;
  const payment = await resourcesOf(trx, payments, owner)
    .where({ [column]: id })
    .whereIn("status", [...PENDING_PAYMENT, "requires_action", "processing"])
    .first("id");
  return payment !== undefined;
}
