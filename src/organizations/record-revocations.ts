import type { Knex } from "knex";
import { type Actor, recordEvents, SYSTEM } from "../events/record-events.ts";
import { Event } from "../models/event.ts";
import { Invitation } from "../models/invitation.ts";
import type { OrganizationDeletion } from "../models/organization.ts";

/**
 * Writes down of the next invitations a deletion is to remove which of them it ended. They were dead the moment it
 * began, for all who look at them look at their organization first; to say so of each would take too long for that moment.
 * The rows are locked, so that none ends otherwise before it is removed in the same transaction.
 * @param after the id they follow.
 */
export async function recordRevocations(
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
