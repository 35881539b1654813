import type { Knex } from "knex";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, forbidden, notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { maskEmailAddress } from "../lib/email-address.ts";
import { newId } from "../lib/id.ts";
import { Invitation, type Proof } from "../models/invitation.ts";
import { InvitationRole } from "../models/join-tables.ts";
import { Membership } from "../models/membership.ts";
import { Organization } from "../models/organization.ts";
import { User } from "../models/user.ts";
import { becomeFirstOwner } from "../organizations/become-first-owner.ts";
import { findOrCreateVerifiedUser } from "../users/find-or-create-verified-user.ts";
import { closedInvitation, closedState, findInvitation, type InvitationKey } from "./find-invitation.ts";
import { notifyInviter } from "./notify-inviter.ts";
import { refuseUnsendable } from "./revoke-invitations.ts";

export interface Acceptance {
  invitation: Invitation;
  membership: Membership;
}

/**
 * Accepts an invitation. One transaction claims it, creates the membership with its roles and metadata, gives an
 * organization without an owner its first one if the invitation says so, and notifies the inviter. The invited address
 * gets the membership, not the person who clicked. Accepting again returns the same.
 * @throws 404 for an unknown invitation or user, 403 for a user with another address, 409 with the state's code if it was
 *   answered, revoked, expired or superseded before. If its inviter could no longer send it, it is revoked now.
 */
export async function acceptInvitation(
  { db, queues }: Context,
  key: InvitationKey,
  proof: Proof,
  actor: Actor,
): Promise<Acceptance> {
  const found = await findInvitation(db, key);
  if (found.status !== "pending") return acceptedBefore(db, found, proof, actor);

  const acceptance = transaction(db, async (trx, afterCommit) => {
    const organization = await Organization.lock(trx, found.environment_id, found.organization_id);
    const invitee = await findInvitee(trx, found, proof);
    const invitation = await Invitation.accept(trx, proof, found.id, invitee.user.id);
    if (invitation === undefined) throw new ClosedMeanwhile();
    const membership = await admit(trx, invitation, invitee, actor);
    if (organization.owner_user_id === null) await becomeFirstOwner(trx, membership, actor);
    await notifyInviter(trx, invitation, "invitation-accepted");
    afterCommit(() => queues.wakeUp("mail"));
    return { invitation, membership };
  });
  return acceptance.catch(async (error) => {
    if (!(error instanceof ClosedMeanwhile)) throw error;
    const closed = await findInvitation(db, key);
    if (closedState(closed, proof) === undefined) await refuseUnsendable(db, closed, actor, actor);
    return acceptedBefore(db, closed, proof, actor);
  });
}

/** Rolls back, because a closed invitation must not create a user or verify an address. */
class ClosedMeanwhile extends Error {}

interface Invitee {
  user: User;
  /** Whether this acceptance created the user. */
  isNew: boolean;
}

async function findInvitee(trx: Knex.Transaction, invitation: Invitation, proof: Proof): Promise<Invitee> {
  if (proof.by === "link") {
    const id = newId("user");
    const user = await findOrCreateVerifiedUser(trx, invitation.environment_id, invitation, id);
    return { user, isNew: user.id === id };
  }
  const user = await User.query(trx)
    .findById(proof.userId)
    .where({ environment_id: invitation.environment_id });
  const pointer = "/meta/user_id";
  if (user === undefined) throw notFound("user", { pointer });
  if (user.email_canonical !== invitation.email_canonical) {
    const invited = maskEmailAddress(invitation.email);
    throw forbidden("wrong_account", `This invitation is for ${invited}. Name the user of that address.`, {
      pointer,
    });
  }
  await giveName(trx, user, invitation);
  return { user, isNew: false };
}

/** Gives a user without a name the invitation's name, as following the link does. */
async function giveName(
  trx: Knex.Transaction,
  user: User,
  { first_name, last_name }: Invitation,
): Promise<void> {
  const isNamed = (user.first_name ?? user.last_name) !== null;
  if (isNamed || (first_name ?? last_name) === null) return;
  const nameless = { id: user.id, first_name: null, last_name: null };
  await User.query(trx).where(nameless).patch({ first_name, last_name });
}

async function admit(
  trx: Knex.Transaction,
  invitation: Invitation,
  { user, isNew }: Invitee,
  actor: Actor,
): Promise<Membership> {
  const { environment_id, organization_id, metadata } = invitation;
  const given = await InvitationRole.query(trx).where({ invitation_id: invitation.id });
  const role_ids = given.map(({ role_id }) => role_id);
  const joining = { environment_id, organization_id, user_id: user.id, role_ids, metadata };
  const { membership, joined } = await Membership.joinOrGrant(trx, joining);
  const about = { environment_id, organization_id, data: { user_id: user.id } };
  const made = { type: "user.created", environment_id, organization_id: null, subject_id: user.id } as const;
  await recordEvents(trx, actor, [
    ...(isNew ? [made] : []),
    { type: "invitation.accepted", subject_id: invitation.id, ...about },
    ...(joined ? [{ type: "membership.created" as const, subject_id: membership.id, ...about }] : []),
  ]);
  return membership;
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
  if (membership !== undefined) return { invitation, membership };
  const detail =
    "This invitation was accepted, and the membership has ended since. Joining again takes a new invitation.";
  throw conflict(`invitation_${invitation.status}`, detail);
}
