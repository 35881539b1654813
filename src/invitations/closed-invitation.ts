import { conflict, type Refusal } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import type { Invitation, Proof } from "../models/invitation.ts";

/** Why an invitation can't be answered, or answered otherwise. `superseded`: a newer mail with a newer link was sent. */
export type ClosedState = "accepted" | "declined" | "revoked" | "expired" | "superseded";

/** Who reads it: the person who was invited, or anyone who invites there and can do something about it. */
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
 * A link that was superseded proves nothing but that: what became of the invitation is told by the newest link alone.
 * @returns undefined while the invitation is open to this proof.
 */
export function closedState(
  invitation: Pick<Invitation, "status" | "token_version">,
  proof: Proof | undefined,
): ClosedState | undefined {
  if (proof?.by === "link" && proof.tokenVersion !== invitation.token_version) return "superseded";
  return invitation.status === "pending" ? undefined : invitation.status;
}

/**
 * The refusal for an invitation whose guarded write found no row: 409, the code naming the state.
 * @param actor who answers the invitation; left out for what only those who invite do.
 */
export function closedInvitation(
  invitation: Pick<Invitation, "status" | "token_version">,
  actor?: Pick<Actor, "kind">,
  proof?: Proof,
): Refusal {
  // Still open by the look of it: it expired between the write and this reading, by a whisker.
  const state = closedState(invitation, proof) ?? "expired";
  const answers = actor !== undefined && ["invitee", "user"].includes(actor.kind);
  return conflict(`invitation_${state}`, SENTENCES[state][answers ? "invitee" : "inviter"]);
}
