import type { Knex } from "knex";
import { raw } from "objection";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvent, recordEvents, SYSTEM } from "../events/record-events.ts";
import { inChunks } from "../lib/in-chunks.ts";
import { Event } from "../models/event.ts";
import { Invitation } from "../models/invitation.ts";
import { Organization, OrganizationDeletion } from "../models/organization.ts";
import { DETACHED_TABLES, REMOVED_TABLES } from "./count-organization-rows.ts";

/** Resources per transaction: few enough that others barely wait for the locks. */
const CHUNK = 1_000;

/**
 * Carries out a deletion: detaches the organization's resources, deletes its other rows, then the organization itself.
 * Each chunk is one transaction that also records the progress, so a run may be killed at any point and repeated, even by
 * two workers at once. Does nothing if the deletion is completed.
 * @param aborted asked between chunks; true leaves the rest to a later run.
 */
export async function detachOrganization(
  db: Knex,
  deletionId: string,
  aborted: () => boolean,
): Promise<void> {
  for (const { table, hasDefault } of DETACHED_TABLES) {
    const release = hasDefault ? "is_default = false, " : "";
    await process(
      { table, limit: CHUNK },
      `update ${table} t set organization_id = null, ${release}updated_at = now() from chunk`,
    );
  }
  for (const { table, atOnce: limit } of REMOVED_TABLES)
    await process({ table, limit }, `delete from ${table} t using chunk`);
  if (!aborted()) await complete(db, deletionId).catch(startOver);

  function process(from: Rows, change: string): Promise<number> {
    return inChunks(from.limit, aborted, () => processChunk(db, deletionId, from, change));
  }

  /** A row left behind the recorded positions, which should never happen, is found by the next run. */
  async function startOver(error: unknown): Promise<never> {
    await OrganizationDeletion.query(db).where({ id: deletionId, state: "detaching" }).patch({ reached: {} });
    throw error;
  }
}

/** One of the tables above, never a name from outside, and how many of its rows to process at once. */
interface Rows {
  table: string;
  limit: number;
}

/**
 * Processes the next rows by id after those of the last chunk. Starting at the front each time would pass over all
 * processed rows, which stay in the index until it is vacuumed. The lock on the deletion's row makes two workers take
 * turns; the row keeps count and position.
 * @returns the number of rows in the chunk.
 */
function processChunk(db: Knex, deletionId: string, { table, limit }: Rows, change: string): Promise<number> {
  return transaction(db, async (trx) => {
    const deletion = await lockUnfinished(trx, deletionId);
    if (deletion === undefined) return 0;
    // A crash of the server may lose the last chunks, but rows and position together, so there's no need to wait for the disk.
    await trx.raw("set local synchronous_commit = off");
    const { id, organization_id, reached } = deletion;
    const after = reached[table] ?? "";
    if (table === "invitations") await recordRevocations(trx, deletion, { after, limit });
    // A statement of its own after the lock, so that it sees what the previous worker committed.
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

/** Deletes the organization. The foreign keys are RESTRICT, so this fails while a reference to it is left. */
function complete(db: Knex, deletionId: string): Promise<void> {
  return transaction(db, async (trx) => {
    const deletion = await lockUnfinished(trx, deletionId);
    if (deletion === undefined) return;
    const { environment_id, organization_id, done } = deletion;
    await Organization.query(trx).deleteById(organization_id);
    await OrganizationDeletion.query(trx)
      .findById(deletionId)
      .patch({ state: "completed", completed_at: raw("now()") });
    const organization = { id: organization_id, environment_id, organization_id };
    await recordEvent(trx, SYSTEM, "organization.deleted", organization, { done });
  });
}

/**
 * Records `invitation.revoked` for the invitations that the deletion ended, among the next to be deleted. They became
 * invalid when it started, because every use of an invitation checks its organization first; one event each would have
 * taken too long then. The rows are locked, so that none ends in another way before this transaction deletes it.
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
  // Those overdue at that time had expired, and stay expired.
  const revoked = next.filter(({ status, expires_at }) => status === "pending" && expires_at > created_at);
  if (revoked.length === 0) return;
  const type = "invitation.revoked";
  await recordEvents(
    trx,
    await findDeletionActor(trx, { environment_id, organization_id }),
    revoked.map(({ id: subject_id }) => ({ type, environment_id, organization_id, subject_id })),
  );
}

/** Reads who started the deletion from its first event. */
async function findDeletionActor(
  trx: Knex.Transaction,
  { environment_id, organization_id }: Pick<OrganizationDeletion, "environment_id" | "organization_id">,
): Promise<Actor> {
  const started = { environment_id, subject_id: organization_id, type: "organization.deletion_started" };
  const event = await Event.query(trx).findOne(started);
  if (event === undefined) return SYSTEM;
  return { kind: event.actor_kind, user_id: event.actor_user_id, request_id: event.request_id };
}
