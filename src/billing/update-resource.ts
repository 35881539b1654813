import type { Knex } from "knex";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, type EventType, recordEvents } from "../events/record-events.ts";
import type { SharedResource } from "../models/shared-resources.ts";
import type { Columns } from "./columns.ts";
import { columnsOf, lockResource, type ResourceKey } from "./find-resource.ts";
import { lockOwner } from "./lock-owner.ts";
import { releaseDefault } from "./release-default.ts";
import { requireOwnLinks } from "./require-own-links.ts";
import type { ResourceKind } from "./resource-kinds.ts";

export interface Change<Row extends SharedResource> {
  /** What to write, given the row as it is; what is left out stays. @throws a Refusal when the row allows no such change. */
  columns: Columns<Row> | ((row: Row) => Columns<Row>);
  /** What to call it in the log. Default: `updated`. */
  event?: EventType;
}

/**
 * Changes a resource. Of a kind with defaults the owner is held alone, since another row may cease to be one.
 * @throws 403 when the right is lost meanwhile, 404, 422 for a link to somebody else's, and what `columns` throws.
 */
export function updateResource<Row extends SharedResource>(
  { db }: Pick<Context, "db">,
  kind: ResourceKind<Row>,
  key: ResourceKey,
  { columns, event = `${kind.name}.updated` }: Change<Row>,
  actor: Actor,
): Promise<Row> {
  const { id, owner } = key;
  const { environment_id, organization_id } = owner;
  return transaction(db, async (trx) => {
    await lockOwner(trx, owner, { permission: kind.manage, alone: kind.defaultAmong !== undefined });
    const found = await lockResource(trx, kind, key);
    const before = found.organization_id === organization_id ? found : await takeOff(trx, kind, found);
    const change = typeof columns === "function" ? columns(before) : columns;
    await requireOwnLinks(trx, kind, owner, change);
    const after = { ...before, ...change };
    const isDefault = "is_default" in after && after.is_default === true;
    if (isDefault) await releaseDefault(trx, kind, owner, after);
    const [changed] = await trx(kind.model.tableName)
      .where({ id })
      // Releasing the default of a type may have released this very row's.
      .update({ ...change, ...(isDefault ? { is_default: true } : {}), updated_at: trx.fn.now() })
      .returning(columnsOf(trx, kind));
    await recordEvents(trx, actor, [
      {
        type: event,
        environment_id,
        organization_id,
        subject_id: id,
        data: { changed: Object.keys(change) },
      },
    ]);
    return changed;
  });
}

/**
 * What an organization's deletion has yet to come to is its creator's already, and its default nobody's. Before they
 * change it, it is taken off as the deletion would: made a default there, it would be in the way of one of the others'.
 */
async function takeOff<Row extends SharedResource>(
  trx: Knex.Transaction,
  { model, defaultAmong }: ResourceKind<Row>,
  row: Row,
): Promise<Row> {
  const left = { organization_id: null, ...(defaultAmong === undefined ? {} : { is_default: false }) };
  await trx(model.tableName).where({ id: row.id }).update(left);
  return { ...row, ...left };
}
