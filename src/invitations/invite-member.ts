import type { Context } from "../context.ts";
import { Refusal } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import type { Invitation } from "../models/invitation.ts";
import { type NewInvitation, tryToInvite } from "./try-to-invite.ts";

/**
 * Invites an address to an organization and has the mail sent once that is committed.
 * @returns the row with its summary, as reading it would show it.
 * @throws 404 for an organization or role that isn't there, 403 for a role beyond the inviter or `owner`,
 *   409 for a member or a pending invitation of that address, 422 for an expiry that is past or over 365 days away,
 *   429 or 403 for one email or pending invitation too many.
 */
export async function inviteMember(
  { db, queues }: Context,
  invitation: NewInvitation,
  actor: Actor,
): Promise<Invitation> {
  const invited = await tryToInvite(db, invitation, actor);
  if (invited instanceof Refusal) throw invited;
  queues.hint("mail");
  return invited;
}
