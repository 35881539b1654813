import type { Knex } from "knex";
import type { Context } from "../context.ts";
import { statement } from "../db/statement.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import { Invitation, type Proof } from "../models/invitation.ts";
import { Organization } from "../models/organization.ts";
import { closedInvitation, closedState, findInvitation, type InvitationKey } from "./find-invitation.ts";

/**
 * Declines, and tells the inviter. Declining again answers the same.
 * @param proof undefined: a management token, which needs to name nobody.
 * @throws 404 when there is no such invitation, 409 with the state's code when it was closed otherwise.
 */
export async function declineInvitation(
  { db, queues }: Context,
  key: InvitationKey,
  proof: Proof | undefined,
  actor: Actor,
): Promise<Invitation> {
  const found = await findInvitation(db, key);
  const declined = await transaction(db, async (trx, afterCommit) => {
    // Once its deletion has begun there is nothing to decline, though the row may still be there.
    await Organization.lock(trx, found.environment_id, found.organization_id);
    const invitation = await Invitation.decline(trx, proof, found.id);
    if (invitation === undefined) return undefined;
    const { environment_id, organization_id, id } = invitation;
    await notifyInviter(trx, invitation, "invitation-declined");
    await recordEvents(trx, actor, [
      { type: "invitation.declined", environment_id, organization_id, subject_id: id },
    ]);
    afterCommit(() => queues.hint("mail"));
    return invitation;
  });
  if (declined !== undefined) return declined;
  const closed = await findInvitation(db, key);
  if (closedState(closed, proof) === "declined") return closed;
  throw closedInvitation(closed, actor, proof);
}

/** By kind of mail, the setting that switches it off. */
const SETTINGS = { "invitation-accepted": "accepted", "invitation-declined": "declined" } as const;

const insertNotice = statement<
  never,
  { id: string; invitation_id: string; kind: string; user_id: string; setting: string }
>(
  "notify-inviter",
  { id: "text", invitation_id: "text", kind: "text", user_id: "text", setting: "text" },
  `
  insert into mail_deliveries (id, environment_id, invitation_id, kind, email, email_canonical)
  select :id, u.environment_id, :invitation_id, :kind, u.email, u.email_canonical
  from users u join environments e on e.id = u.environment_id
  -- An unproven address may belong to somebody else, who must not be flooded with emails.
  where u.id = :user_id and u.email_verified_at is not null
    and coalesce(cast(e.settings->'notify_inviter'->>:setting as boolean), true)
  on conflict (invitation_id, kind, seq) do nothing`,
);

/** Writes the delivery that tells the inviter, if a user invited and wants to hear, at the verified address they have now. */
export async function notifyInviter(
  trx: Knex.Transaction,
  { id, inviter_user_id }: Invitation,
  kind: keyof typeof SETTINGS,
): Promise<void> {
  if (inviter_user_id === null) return;
  await insertNotice(trx, {
    id: newId("dlv"),
    invitation_id: id,
    kind,
    user_id: inviter_user_id,
    setting: SETTINGS[kind],
  });
}
