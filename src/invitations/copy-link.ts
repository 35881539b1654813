import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { closedInvitation } from "./closed-invitation.ts";
import { findInvitation, type InvitationKey } from "./find-invitation.ts";

/**
 * The link of a pending invitation, for a program that sends its own mail: the only way it ever leaves but by our mail,
 * and never unseen. Not for people: whoever holds it proves the invited address by it.
 * @throws 404, 409 with the state's code when it is closed.
 */
export async function copyLink(
  { db, linkKeys, settings }: Context,
  key: InvitationKey,
  actor: Actor,
): Promise<string> {
  const invitation = await findInvitation(db, key);
  if (invitation.status !== "pending") throw closedInvitation(invitation);
  const { id, environment_id, organization_id, token_version } = invitation;
  await transaction(db, (trx) =>
    recordEvents(trx, actor, [
      { type: "invitation.link_copied", environment_id, organization_id, subject_id: id },
    ]),
  );
  return `${settings.PUBLIC_URL}/i/${linkKeys.sign({ invitationId: id, tokenVersion: token_version })}`;
}
