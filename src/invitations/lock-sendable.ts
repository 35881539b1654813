import type { Knex } from "knex";
import type { Actor } from "../events/record-events.ts";
import { Invitation } from "../models/invitation.ts";
import { Organization } from "../models/organization.ts";
import { requireGrantable } from "../roles/require-grantable.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";
import { closedInvitation } from "./find-invitation.ts";

/**
 * Locks an invitation that the actor wants to send or change, and its organization, so that rights stay as they are.
 * Nobody resends an invitation that they could not have sent.
 * @param roleIds the roles it will give; by default those it gives now.
 * @param expired whether it may have expired.
 * @throws 404 if the organization is being deleted, 403, 409 with the state's code if it is closed.
 */
export async function lockSendable(
  trx: Knex.Transaction,
  { id, environment_id, organization_id }: Invitation,
  actor: Actor,
  { roleIds, expired = false }: { roleIds?: string[] | undefined; expired?: boolean } = {},
): Promise<Invitation> {
  const { owner_user_id } = await Organization.lock(trx, environment_id, organization_id);
  const held = await requirePermissionNow(trx, actor, organization_id, "members:manage");
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
    held,
    pointer: roleIds && "/data/attributes/role_ids",
    toFirstOwner: owner_user_id === null,
  });
  return invitation;
}
