import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { retried } from "../db/transaction.ts";
import { conflict, notFound, type Refusal } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import { isId } from "../lib/id.ts";
import { Invitation, type InvitationStatus, type Proof } from "../models/invitation.ts";
import { personNameSql } from "../models/person-name.ts";
import { withSummary } from "./lock-open.ts";

export interface InvitationKey {
  id: string;
  /** Left out only for a link holder, because the link itself names the environment. */
  environment_id?: string | undefined;
}

const findStored = statement<{ invitation: object }, { id: string; environment_id: string | null }>(
  "find-invitation",
  { id: "text", environment_id: "text" },
  `
  select ${withSummary("i", "array(select role_id from invitation_roles where invitation_id = i.id order by 1)")}
      || jsonb_build_object('status', ${Invitation.STATUS_NOW}) as invitation
  from invitations i
  where i.id = :id and (:environment_id is null or i.environment_id = :environment_id)
    and exists (select from organizations o where o.id = i.organization_id and o.deleting_at is null)`,
);

/** Finds an invitation as of now, unless its organization is being deleted. @throws 404. */
export async function findInvitation(db: Knex, { id, environment_id }: InvitationKey): Promise<Invitation> {
  if (!isId("inv", id)) throw notFound("invitation");
  const [found] = await findStored(db, { id, environment_id: environment_id ?? null });
  if (found === undefined) throw notFound("invitation");
  return Invitation.fromJsonRow(found.invitation);
}

/** Why an invitation can't be answered (differently). `superseded`: a newer email with a newer link was sent. */
export type ClosedState = "accepted" | "declined" | "revoked" | "expired" | "superseded";

/** The reader of a sentence: the invited person, or someone who invites there and can do something about it. */
type Reader = "invitee" | "inviter";

const SENTENCES: Record<ClosedState, Record<Reader, string>> = {
  accepted: {
    invitee: "This invitation was accepted before.",
    inviter: "This invitation was accepted before. Change the membership instead.",
  },
  declined: {
    invitee:
      "This invitation was declined. If that was a mistake, ask the person who invited you to do it again.",
    inviter: "The invitee declined this invitation. If that was a mistake, invite the address again.",
  },
  revoked: {
    invitee: "This invitation was withdrawn. If you think that is a mistake, ask the person who invited you.",
    inviter: "This invitation was revoked. Invite the address again if it should still join.",
  },
  expired: {
    invitee: "This invitation has expired. Ask the person who invited you to send it again.",
    inviter: "This invitation has expired. Resend it to open it again, with a new link and a new expiry.",
  },
  superseded: {
    invitee: "A newer email with a newer link was sent for this invitation. Use that one.",
    inviter: "A newer email with a newer link was sent for this invitation. Use that one.",
  },
};

/**
 * Returns why an invitation is closed to this proof, or undefined while it is open. An older link only learns that
 * there is a newer one.
 */
export function closedState(
  invitation: Pick<Invitation, "status" | "token_version">,
  proof: Proof | undefined,
): ClosedState | undefined {
  if (proof?.by === "link" && proof.tokenVersion !== invitation.token_version) return "superseded";
  return invitation.status === "pending" ? undefined : invitation.status;
}

/**
 * Makes the refusal for an invitation whose guarded write found no row: 409, with the state in the code.
 * @param actor the actor who answers the invitation; left out for what only inviters do.
 */
export function closedInvitation(
  invitation: Pick<Invitation, "status" | "token_version">,
  actor?: Pick<Actor, "kind">,
  proof?: Proof,
): Refusal {
  // If it still looks open, it expired between the write and this read.
  const state = closedState(invitation, proof) ?? "expired";
  const answers = actor !== undefined && ["invitee", "user"].includes(actor.kind);
  return conflict(`invitation_${state}`, SENTENCES[state][answers ? "invitee" : "inviter"]);
}

/**
 * Runs a statement that ends an open invitation, and once more if the invitation is open afterwards: then it was
 * revived while the statement waited for its locks.
 * @returns the invitation as written; or as found, if it is closed.
 */
export async function writeIfOpen(
  db: Knex,
  key: InvitationKey,
  proof: Proof | undefined,
  write: () => Promise<Array<{ invitation: object }>>,
): Promise<{ invitation: Invitation; isWritten: boolean }> {
  if (!isId("inv", key.id)) throw notFound("invitation");
  let [written] = await retried(db, write);
  if (written === undefined) {
    const found = await findInvitation(db, key);
    if (closedState(found, proof) === undefined) [written] = await retried(db, write);
    if (written === undefined) return { invitation: found, isWritten: false };
  }
  return { invitation: Invitation.fromJsonRow(written.invitation), isWritten: true };
}

/** The details on the recipient's page. */
export interface InvitationDetails {
  id: string;
  environment_id: string;
  status: InvitationStatus;
  token_version: number;
  email: string;
  message: string | null;
  expires_at: Date;
  /** The languages of the invitation and the environment, in this order. */
  locales: string[];
  product: string;
  redirect_url: string | null;
  organization: string;
  inviter: string | null;
  roles: string[];
  /** Whether the invited address, or the user who accepted, is a member now. */
  is_member: boolean;
  /** Another invitation of this address to the organization is open, in a newer email. */
  has_newer: boolean;
}

/** Returns no row for an unknown invitation or an organization that is being deleted. */
export const findInvitationDetails = statement<InvitationDetails, { id: string }>(
  "find-invitation-details",
  { id: "text" },
  `
  select i.id, i.environment_id, i.token_version, i.email, i.message, i.expires_at,
    ${Invitation.STATUS_NOW} as status,
    array_remove(array[i.locale, e.settings->>'locale'], null) as locales,
    e.name as product, e.settings->>'redirect_url' as redirect_url, o.name as organization,
    ${personNameSql("inviter")} as inviter,
    array(select r.name from invitation_roles ir join roles r on r.id = ir.role_id where ir.invitation_id = i.id order by r.name) as roles,
    exists (
      select from memberships m
      where m.organization_id = i.organization_id and m.user_id in (
        i.accepted_by_user_id,
        (select u.id from users u where u.environment_id = i.environment_id and u.email_canonical = i.email_canonical)
      )
    ) as is_member,
    exists (
      select from invitations n
      where n.organization_id = i.organization_id and n.email_canonical = i.email_canonical and n.status = 'pending'
        and n.expires_at > now() and n.id <> i.id
    ) as has_newer
  from invitations i
  join environments e on e.id = i.environment_id
  join organizations o on o.id = i.organization_id and o.deleting_at is null
  left join users inviter on inviter.id = i.inviter_user_id
  where i.id = :id`,
);
