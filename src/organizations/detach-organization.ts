import type { Knex } from "knex";
import { raw } from "objection";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvents, SYSTEM } from "../events/record-events.ts";
import { Event } from "../models/event.ts";
import { Invitation } from "../models/invitation.ts";
import { Organization, OrganizationDeletion } from "../models/organization.ts";
import { DETACHED_TABLES, REMOVED_TABLES } from "./count-organization-rows.ts";

/** Resources per transaction: few enough that nobody else waits for their locks. */
const CHUNK = 1_000;

/**
 * Works a deletion off: takes the organization off its resources, removes what belongs to it alone, then the
 * organization itself. Every chunk is a transaction of its own that also counts its progress, so it may be killed
 * anywhere and run again, by two workers at once too. Does nothing when the deletion is completed.
 * @param aborted asked between chunks; true leaves the rest to a later run.
 */
export async function detachOrganization(
  db: Knex,
  deletionId: string,
  aborted: () => boolean,
): Promise<void> {
  for (const { table, hasDefault } of DETACHED_TABLES) {
    const release = hasDefault ? "is_default = false, " : "";
    await inChunks(
      { table, limit: CHUNK },
      `update ${table} t set organization_id = null, ${release}updated_at = now() from chunk`,
    );
  }
  for (const { table, atOnce: limit } of REMOVED_TABLES)
    await inChunks({ table, limit }, `delete from ${table} t using chunk`);
  if (!aborted()) await complete(db, deletionId).catch(startOver);

  async function inChunks(from: Rows, change: string): Promise<void> {
    while (!aborted() && (await workOff(db, deletionId, from, change)) === from.limit);
  }

  /** Should a row be left behind the positions, against all rules, the next run will find it. */
  async function startOver(error: unknown): Promise<never> {
    await OrganizationDeletion.query(db).where({ id: deletionId, state: "detaching" }).patch({ reached: {} });
    throw error;
  }
}

/** A table of the lists above, never from outside, and how many of its rows at once. */
interface Rows {
  table: string;
  limit: number;
}

/**
 * One chunk: the next rows by id, from where the last one ended. To begin at the front each time would mean to pass
 * everything worked off so far, which stays in the index until it is vacuumed. The lock on the deletion's row makes two
 * workers take turns; the row keeps count and position.
 * @returns how many rows the chunk had.
 */
function workOff(db: Knex, deletionId: string, { table, limit }: Rows, change: string): Promise<number> {
  return transaction(db, async (trx) => {
    const deletion = await lockUnfinished(trx, deletionId);
    if (deletion === undefined) return 0;
    // A server that crashes may lose the last chunks, rows and position alike: no need to wait for the disk each time.
    await trx.raw("set local synchronous_commit = off");
    const { id, organization_id, reached } = deletion;
    const after = reached[table] ?? "";
    if (table === "invitations") await recordRevocations(trx, deletion, { after, limit });
    // After the lock, in a statement of its own: it must not see what the worker before it had yet to work off.
    const { rows } = await trx.raw<{ rows: Array<{ size: number }> }>(
      `with chunk as (
         select count(*) as size, max(id) as last
         from (select id from ${table} where organization_id = :organization_id and id > :after order by id limit ${limit}) ids
       ),
       changed as (
         ${change}
         where t.organization_id = :organization_id and t.id > :after and t.id <= chunk.last
         returning t.id
       )
       update organization_deletions d
       set done = d.done || jsonb_build_object(cast(:table as text), coalesce((d.done->>:table)::int, 0) + (select count(*) from changed)),
         reached = d.reached || jsonb_build_object(cast(:table as text), coalesce(chunk.last, :after)),
         updated_at = now()
       from chunk where d.id = :id
       returning chunk.size`,
      { id, organization_id, table, after },
    );
    return rows[0]?.size ?? 0;
  });
}

async function lockUnfinished(trx: Knex.Transaction, id: string): Promise<OrganizationDeletion | undefined> {
  return OrganizationDeletion.query(trx).findById(id).where({ state: "detaching" }).forUpdate();
}

/** The last transaction. The foreign keys are RESTRICT: while one reference is left, the organization can't go. */
function complete(db: Knex, deletionId: string): Promise<void> {
  return transaction(db, async (trx) => {
    const deletion = await lockUnfinished(trx, deletionId);
    if (deletion === undefined) return;
    const { environment_id, organization_id } = deletion;
    await Organization.query(trx).deleteById(organization_id);
    await OrganizationDeletion.query(trx)
      .findById(deletionId)
      .patch({ state: "completed", completed_at: raw("now()") });
    await recordEvents(trx, SYSTEM, [
      {
        type: "organization.deleted",
        environment_id,
        organization_id,
        subject_id: organization_id,
        data: { done: deletion.done },
      },
    ]);
  });
}

/**
 * Writes down of the next invitations a deletion is to remove which of them it ended. They were dead the moment it
 * began, for all who look at them look at their organization first; to say so of each would take too long for that moment.
 * The rows are locked, so that none ends otherwise before it is removed in the same transaction.
 * @param after the id they follow.
 */
async function recordRevocations(
  trx: Knex.Transaction,
  { environment_id, organization_id, created_at }: OrganizationDeletion,
  { after, limit }: { after: string; limit: number },
): Promise<void> {
  const next = await Invitation.query(trx)
    .where({ organization_id })
    .where("id", ">", after)
    .orderBy("id")
    .limit(limit)
    .forUpdate()
    .select("id", "status", "expires_at");
  // What was overdue by then had expired, and stays so.
  const revoked = next.filter(({ status, expires_at }) => status === "pending" && expires_at > created_at);
  if (revoked.length === 0) return;
  await recordEvents(
    trx,
    await whoBegan(trx, { environment_id, organization_id }),
    revoked.map(({ id }) => ({
      type: "invitation.revoked",
      environment_id,
      organization_id,
      subject_id: id,
    })),
  );
}

/** As the event of its beginning tells. */
async function whoBegan(
  trx: Knex.Transaction,
  { environment_id, organization_id }: Pick<OrganizationDeletion, "environment_id" | "organization_id">,
): Promise<Actor> {
  const begun = { environment_id, subject_id: organization_id, type: "organization.deletion_started" };
  const event = await Event.query(trx).findOne(begun);
  if (event === undefined) return SYSTEM;
  return { kind: event.actor_kind, user_id: event.actor_user_id, request_id: event.request_id };
}
