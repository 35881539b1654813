import type { Knex } from "knex";
import { dropUnprovenIdentities } from "../access/identities/validated-sessions.ts";
import type { Context } from "../context.ts";
import { retried, transaction } from "../db/transaction.ts";
import { conflict, forbidden, notFound } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import { maskEmailAddress } from "../lib/email-address.ts";
import { isId, newId } from "../lib/id.ts";
import { Invitation, type Proof } from "../models/invitation.ts";
import { Membership } from "../models/membership.ts";
import { User } from "../models/user.ts";
import { becomeFirstOwner } from "../organizations/become-first-owner.ts";
import { closedInvitation, closedState, findInvitation, type InvitationKey } from "./find-invitation.ts";
import { refuseUnsendable } from "./revoke-invitations.ts";
import { type Written, writeAcceptance } from "./write-acceptance.ts";

export interface Acceptance {
  invitation: Invitation;
  membership_id: string;
}

/**
 * Accepts an invitation: claims it, creates the membership with its roles and metadata, gives an organization without an
 * owner its first one if the invitation says so, and notifies the inviter. The invited address gets the membership, not
 * the person who clicked. Accepting again returns the same.
 * @throws 404 for an unknown invitation or user, 403 for a user with another address, 409 with the state's code if it was
 *   answered, revoked, expired or superseded before. If its inviter could no longer send it, it is revoked now.
 */
export async function acceptInvitation(
  { db, queues }: Context,
  key: InvitationKey,
  proof: Proof,
  actor: Actor,
): Promise<Acceptance> {
  if (!isId("inv", key.id)) throw notFound("invitation");
  const written = await retried(db, () => write(db, key, proof, actor, { goesOn: false }));
  if (written !== undefined) {
    queues.wakeUp("mail");
    return acceptanceOf(written);
  }
  const found = await findInvitation(db, key);
  if (closedState(found, proof) !== undefined) return acceptedBefore(db, found, proof, actor);
  await refuseOtherUser(db, found, proof);
  await refuseUnsendable(db, found, actor, actor);
  return transaction(db, async (trx, afterCommit) => {
    const accepted = await write(trx, key, proof, actor, { goesOn: true });
    if (accepted === undefined) return acceptedBefore(trx, await findInvitation(trx, key), proof, actor);
    const { membership_id: id, environment_id, organization_id, user_id } = accepted;
    if (accepted.proven_now) await dropUnprovenIdentities(trx, user_id);
    if (accepted.ownerless)
      await becomeFirstOwner(trx, { id, environment_id, organization_id, user_id }, actor);
    afterCommit(() => queues.wakeUp("mail"));
    return acceptanceOf(accepted);
  });
}

async function write(
  db: Knex,
  { id, environment_id }: InvitationKey,
  proof: Proof,
  actor: Actor,
  { goesOn }: { goesOn: boolean },
): Promise<Written | undefined> {
  const [written] = await writeAcceptance(db, {
    id,
    environment_id: environment_id ?? null,
    token_version: proof.by === "link" ? proof.tokenVersion : null,
    user_id: proof.by === "user" ? proof.userId : null,
    actor_kind: actor.kind,
    actor_user_id: actor.user_id,
    request_id: actor.request_id,
    new_user_id: newId("user"),
    membership_id: newId("orguser"),
    membership_role_id: newId("orguserrole"),
    delivery_id: newId("dlv"),
    user_event_id: newId("evt"),
    accepted_event_id: newId("evt"),
    membership_event_id: newId("evt"),
    goes_on: goesOn,
  });
  return written;
}

function acceptanceOf({ invitation, membership_id }: Written): Acceptance {
  return { invitation: Invitation.fromJsonRow(invitation), membership_id };
}

/** @throws 404 for a user unknown in the environment, 403 for one with another address. */
async function refuseOtherUser(db: Knex, invitation: Invitation, proof: Proof): Promise<void> {
  if (proof.by === "link") return;
  const { environment_id, email, email_canonical } = invitation;
  const user = await User.query(db).findById(proof.userId).where({ environment_id });
  const pointer = "/meta/user_id";
  if (user === undefined) throw notFound("user", { pointer });
  if (user.email_canonical === email_canonical) return;
  const invited = maskEmailAddress(email);
  throw forbidden("wrong_account", `This invitation is for ${invited}. Name the user of that address.`, {
    pointer,
  });
}

/** Returns the same success to the same user while they are a member. Anyone else is too late. */
async function acceptedBefore(
  db: Knex,
  invitation: Invitation,
  proof: Proof,
  actor: Actor,
): Promise<Acceptance> {
  const { organization_id, accepted_by_user_id: user_id } = invitation;
  const isAccepted = closedState(invitation, proof) === "accepted";
  if (!isAccepted || user_id === null || (proof.by === "user" && proof.userId !== user_id))
    throw closedInvitation(invitation, actor, proof);
  const membership = await Membership.query(db).findOne({ organization_id, user_id });
  if (membership !== undefined) return { invitation, membership_id: membership.id };
  const detail =
    "This invitation was accepted, and the membership has ended since. Joining again takes a new invitation.";
  throw conflict("invitation_accepted", detail);
}
