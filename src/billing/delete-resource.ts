import type { Knex } from "knex";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { PENDING_PAYMENT, type SharedResource } from "../models/shared-resources.ts";
import { lockResource, type Owner, type ResourceKey, resourcesOf, rowsOf } from "./owned-resources.ts";
import { payments, type ResourceKind, subscriptions } from "./resource-kinds.ts";
import { lockOwner } from "./write-rules.ts";

/** The column that refers to what a subscription or payment still needs. Finished ones don't: they lose the reference. */
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
  const { environment_id, organization_id } = owner;
  return transaction(db, async (trx) => {
    await lockOwner(trx, owner, { permission: kind.manage, alone: false });
    // Waits for transactions that are linking to the row; later ones find it gone.
    await lockResource(trx, kind, key);
    const column = NEEDED_BY[kind.name];
    if (column !== undefined && (await isNeeded(trx, owner, { [column]: id }))) {
      const what = kind.name.replace("_", " ");
      throw conflict(
        "in_use",
        `A subscription or an open payment uses this ${what}: end or change that first.`,
      );
    }
    await rowsOf(kind, trx).deleteById(id);
    await recordEvents(trx, actor, [
      { type: `${kind.name}.deleted`, environment_id, organization_id, subject_id: id },
    ]);
  });
}

/** Only the owner's own rows count. A link another user made in an organization that is gone blocks nobody. */
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
