import type { Knex } from "knex";
import { Refusal } from "../errors.ts";
import { findInvitation } from "../invitations/find-invitation.ts";
import type { Invitation } from "../models/invitation.ts";
import type { Resource } from "./document.ts";
import { presentResource } from "./reading/present-resource.ts";
import { invitationType } from "./types/invitation-type.ts";

/**
 * An invitation that has just been answered or revoked, as reading it would show it; or, when its organization is being
 * deleted by now and reading finds nothing, as it was written: what was done was done.
 */
export async function presentAnswered(db: Knex, answered: Invitation): Promise<Resource> {
  const invitation = await findInvitation(db, answered).catch((error: unknown) => {
    if (error instanceof Refusal && error.status === 404) return answered;
    throw error;
  });
  return presentResource(invitationType, invitation);
}
