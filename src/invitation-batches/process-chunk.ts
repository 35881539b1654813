import type { Knex } from "knex";
import { pipelined } from "../db/pipelined.ts";
import { statement } from "../db/statement.ts";
import { forbidden, Refusal } from "../errors.ts";
import { type Actor, SYSTEM } from "../events/record-events.ts";
import { refusalOf } from "../http/answer-errors.ts";
import { tryToInvite } from "../invitations/invite-member.ts";
import { resendInvitation } from "../invitations/resend-invitation.ts";
import type { Log } from "../log.ts";
import { cancelRest } from "./cancel-invitation-batch.ts";
import type { LockedBatch } from "./lock-next-batch.ts";
import type { RowInput } from "./new-rows.ts";
import { type RowOutcome, settleRows } from "./settle-rows.ts";

/** Rows per transaction: few enough to hold the organization's lock for only a fraction of a second. */
const CHUNK = 100;

interface QueuedRow {
  number: number;
  /** Null for an invitation to resend. */
  input: RowInput | null;
  invitation_id: string | null;
}

const findQueued = statement<QueuedRow, { batch_id: string; limit: number }>(
  "find-queued-invitation-batch-rows",
  { batch_id: "text", limit: "int" },
  `
  select number, input, invitation_id from invitation_batch_rows
  where batch_id = :batch_id and status = 'queued'
  order by number limit :limit`,
);

/** Makes chunks of one user wait for each other, so that each counts the others' rows towards the user's quota. */
const lockInviter = statement<never, { user_id: string }>(
  "lock-inviter",
  { user_id: "text" },
  "select from pg_advisory_xact_lock(hashtextextended('inviter ' || :user_id, 0))",
);

/**
 * Invites or resends the next rows of a locked batch and records each outcome, all in one transaction: a process that is
 * killed has done the whole chunk or none of it.
 * @param isolated whether an unexpected error fails only its row instead of the chunk, for two more round trips a row.
 * @returns the number of emails that are now due.
 */
export async function processChunk(
  trx: Knex.Transaction,
  batch: LockedBatch,
  { isolated, log }: { isolated: boolean; log: Log },
): Promise<number> {
  const { id, kind, dry_run, request_id } = batch;
  if (!batch.has_organization) {
    await cancelRest(trx, batch, { ...SYSTEM, request_id });
    return 0;
  }
  if (batch.actor_user_id !== null) await lockInviter(trx, { user_id: batch.actor_user_id });
  // Invitations to resend may belong to many organizations, and a transaction locks only one.
  const size = kind === "resend" ? 1 : CHUNK;
  const alone = isolated || kind === "resend";
  const found = await findQueued(trx, { batch_id: id, limit: size + 1 });
  // Emails to one address wait for each other, so every chunk takes its addresses in the same order.
  const rows = found.slice(0, size).sort((a, b) => (addressOf(a) < addressOf(b) ? -1 : 1));
  const processRow = async (row: QueuedRow) =>
    outcomeOf(batch, row.number, await (alone ? inviteAlone(trx, batch, row, log) : invite(trx, batch, row)));
  // A dry run is written, so that the database checks it, and then undone.
  if (dry_run) await trx.raw("savepoint dry_run");
  const statements = rows.map((row) => () => processRow(row));
  const outcomes = alone ? await oneByOne(statements) : await pipelined(trx, statements);
  if (dry_run) {
    await trx.raw("rollback to savepoint dry_run");
    for (const outcome of outcomes) outcome.invitation_id = null;
  }
  await settleRows(trx, batch, outcomes, found.length <= size);
  return dry_run ? 0 : outcomes.filter(({ status }) => status !== "failed").length;
}

function addressOf({ input }: QueuedRow): string {
  return input?.address.canonical ?? "";
}

async function oneByOne<Result>(statements: Array<() => Promise<Result>>): Promise<Result[]> {
  const results: Result[] = [];
  for (const send of statements) results.push(await send());
  return results;
}

type Invited = { id: string } | Refusal;

function outcomeOf({ kind }: LockedBatch, number: number, invited: Invited): RowOutcome {
  if (!(invited instanceof Refusal))
    return {
      number,
      status: kind === "resend" ? "resent" : "created",
      code: null,
      detail: null,
      invitation_id: invited.id,
    };
  const [{ code, detail }] = invited.items;
  return { number, status: "failed", code, detail, invitation_id: null };
}

/** The job wakes the mail worker once the chunk is committed. */
const NO_WAKE_UPS = { wakeUp: () => {} };

async function invite(
  trx: Knex.Transaction,
  batch: LockedBatch,
  { input, invitation_id }: QueuedRow,
): Promise<Invited> {
  const { environment_id, organization_id, actor_kind, actor_user_id, request_id, program_may } = batch;
  if (!program_may) return forbidden("forbidden", "The program that created the batch may no longer invite.");
  const actor: Actor = { kind: actor_kind, user_id: actor_user_id, request_id };
  if (input === null || organization_id === null)
    return resendInvitation(
      { db: trx, queues: NO_WAKE_UPS },
      { id: invitation_id ?? "", environment_id },
      null,
      actor,
    );
  return tryToInvite(trx, { environment_id, organization_id, ...input }, actor);
}

/** Does the same in a savepoint. @throws temporary errors, such as a lost connection, after which the chunk is retried. */
async function inviteAlone(
  trx: Knex.Transaction,
  batch: LockedBatch,
  row: QueuedRow,
  log: Log,
): Promise<Invited> {
  await trx.raw("savepoint one_row");
  try {
    const invited = await invite(trx, batch, row);
    await trx.raw("release savepoint one_row");
    return invited;
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal?.status === 503) throw error;
    await trx.raw("rollback to savepoint one_row");
    await refusal?.stands?.(trx);
    if (refusal !== undefined) return refusal;
    log.error({ err: error, batch: batch.id, row: row.number }, "a row of a batch failed unexpectedly");
    const detail = "Something went wrong on our side. Give support the id of the row.";
    return new Refusal(500, [{ code: "internal_error", detail }]);
  }
}
