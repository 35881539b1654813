import type { Knex } from "knex";
import type { Actor } from "../events/record-events.ts";
import { Invitation } from "../models/invitation.ts";
import { Organization } from "../models/organization.ts";
import { currentCeiling } from "../roles/current-ceiling.ts";
import { requireGrantable } from "../roles/require-grantable.ts";
import { closedInvitation } from "./closed-invitation.ts";

/**
 * Holds an invitation for somebody who wants it sent or changed, and with it the organization, so that rights stay what
 * they are. Nobody sends on what they could not have sent.
 * @param roleIds the roles it is to give; by default those it gives.
 * @param expired whether an expired one will do, too.
 * @throws 404 when the organization is being deleted, 403, 409 with the state's code when it is closed.
 */
export async function lockSendable(
  trx: Knex.Transaction,
  { id, environment_id, organization_id }: Invitation,
  actor: Actor,
  { roleIds, expired = false }: { roleIds?: string[] | undefined; expired?: boolean } = {},
): Promise<Invitation> {
  const { owner_user_id } = await Organization.lock(trx, environment_id, organization_id);
  const ceiling = await currentCeiling(trx, actor, organization_id, "members:manage");
  const invitation = await Invitation.query(trx)
    .modify("asOfNow")
    .modify("withSummary")
    .findById(id)
    .throwIfNotFound();
  const isOpen = invitation.status === "pending" || (expired && invitation.status === "expired");
  if (!isOpen) throw closedInvitation(invitation);
  await requireGrantable(trx, {
    environment_id,
    organization_id,
    role_ids: roleIds ?? invitation.role_ids ?? [],
    ceiling,
    pointer: roleIds && "/data/attributes/role_ids",
    toFirstOwner: owner_user_id === null,
  });
  return invitation;
}
