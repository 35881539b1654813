import { conflict, type Refusal } from "../errors.ts";
import type { Invitation, Proof } from "../models/invitation.ts";

/** Why an invitation can't be answered, or answered otherwise. `superseded`: a newer mail with a newer link was sent. */
export type ClosedState = "accepted" | "declined" | "revoked" | "expired" | "superseded";

const SENTENCES: Record<ClosedState, string> = {
  accepted: "This invitation was accepted before.",
  declined: "This invitation was declined. Ask for a new one if that was a mistake.",
  revoked: "This invitation was withdrawn. Ask the organization for a new one.",
  expired: "This invitation has expired. Ask the organization for a new one.",
  superseded: "A newer mail with a newer link was sent for this invitation. Use that one.",
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

/** The refusal for an invitation whose guarded write found no row: 409, the code naming the state. */
export function closedInvitation(
  invitation: Pick<Invitation, "status" | "token_version">,
  proof?: Proof,
): Refusal {
  // Still open by the look of it: it expired between the write and this reading, by a whisker.
  const state = closedState(invitation, proof) ?? "expired";
  return conflict(`invitation_${state}`, SENTENCES[state]);
}
