import type { Knex } from "knex";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, type EventType, recordEvent } from "../events/record-events.ts";
import type { SharedResource } from "../models/shared-resources.ts";
import { type Columns, columnsOf, lockResource, type ResourceKey, rowsOf } from "./owned-resources.ts";
import type { ResourceKind } from "./resource-kinds.ts";
import { lockOwner, releaseDefault, requireOwnLinks } from "./write-rules.ts";

export interface Change<Row extends SharedResource> {
  /** What to write, given the current row; other columns stay. @throws a Refusal when the row doesn't allow the change. */
  columns: Columns<Row> | ((row: Row) => Columns<Row>);
  /** The type of the recorded event. Default: `updated`. */
  event?: EventType;
}

/**
 * Changes a resource. For a kind with defaults it locks the owner alone, since another row may lose the default.
 * @throws 403 when the permission was lost, 404, 422 for a link to another owner's resource, and what `columns` throws.
 */
export function updateResource<Row extends SharedResource>(
  { db }: Pick<Context, "db">,
  kind: ResourceKind<Row>,
  key: ResourceKey,
  { columns, event = `${kind.name}.updated` }: Change<Row>,
  actor: Actor,
): Promise<Row> {
  const { id, owner } = key;
  return transaction(db, async (trx) => {
    await lockOwner(trx, owner, { permission: kind.manage, alone: kind.defaultAmong !== undefined });
    const found = await lockResource(trx, kind, key);
    const before = found.organization_id === owner.organization_id ? found : await detach(trx, kind, found);
    const change = typeof columns === "function" ? columns(before) : columns;
    await requireOwnLinks(trx, kind, owner, change);
    const after = { ...before, ...change };
    const isDefault = "is_default" in after && after.is_default === true;
    if (isDefault) await releaseDefault(trx, kind, owner, after);
    // Releasing the previous default may have released this row, if it was the default already.
    const written = { ...change, ...(isDefault ? { is_default: true } : {}) };
    const changed = await writeResource(trx, kind, id, written);
    await recordEvent(trx, actor, event, { ...owner, id }, { changed: Object.keys(change) });
    return changed;
  });
}

/** Writes a row the transaction has locked. @returns it with its current values. */
export async function writeResource<Row extends SharedResource>(
  trx: Knex.Transaction,
  kind: ResourceKind<Row>,
  id: string,
  columns: object,
): Promise<Row> {
  const [written] = await rowsOf(kind, trx)
    .where({ id })
    .patch({ ...columns, updated_at: trx.fn.now() } as object)
    .returning(columnsOf(kind))
    .castTo<[Row]>();
  return written;
}

/**
 * Detaches a row from an organization that is being deleted. The row already belongs to its creator and is nobody's
 * default; if it stayed attached until the deletion reaches it, a change could make it a second default there.
 */
async function detach<Row extends SharedResource>(
  trx: Knex.Transaction,
  kind: ResourceKind<Row>,
  row: Row,
): Promise<Row> {
  const left = { organization_id: null, ...(kind.defaultAmong === undefined ? {} : { is_default: false }) };
  await rowsOf(kind, trx)
    .findById(row.id)
    .patch(left as object);
  return { ...row, ...left };
}
