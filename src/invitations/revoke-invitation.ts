import type { Context } from "../context.ts";
import { statement } from "../db/statement.ts";
import type { Actor } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import type { Invitation } from "../models/invitation.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";
import { closedInvitation, type InvitationKey, writeIfOpen } from "./find-invitation.ts";
import { lockedOpen, withSummary } from "./lock-open.ts";

/**
 * Revokes a pending invitation; its link stops working at once. Revoking again returns the same.
 * @throws 404 for an unknown invitation, 403 if the actor has just lost the right, 409 with the state's code if it ended
 *   in another way.
 */
export async function revokeInvitation(
  { db }: Context,
  key: InvitationKey,
  actor: Actor,
): Promise<Invitation> {
  const { id, environment_id = null } = key;
  const { kind: actor_kind, user_id, request_id } = actor;
  const values = { id, environment_id, actor_kind, user_id, request_id, event_id: newId("evt") };
  const { invitation, isWritten } = await writeIfOpen(db, key, undefined, () => writeRevocation(db, values));
  if (isWritten) return invitation;
  await requirePermissionNow(db, actor, invitation.organization_id, "members:manage");
  if (invitation.status === "revoked") return invitation;
  throw closedInvitation(invitation);
}

/** The rights of a user are read once the lock is held: those they came with may be gone. */
const writeRevocation = statement<
  { invitation: object },
  {
    id: string;
    environment_id: string | null;
    actor_kind: Actor["kind"];
    user_id: string | null;
    request_id: string | null;
    event_id: string;
  }
>(
  "revoke-invitation",
  {
    id: "text",
    environment_id: "text",
    actor_kind: "text",
    user_id: "text",
    request_id: "text",
    event_id: "text",
  },
  `
  with ${lockedOpen({ id: ":id", environment: ":environment_id", tokenVersion: "null::int" })},
  judged as materialized (
    select id, case when :user_id is not null then permissions_now(:user_id, organization_id) end as held from open
  ),
  revoked as (
    update invitations i set status = 'revoked', revoked_at = clock_timestamp(), revoked_by_user_id = :user_id,
      updated_at = clock_timestamp()
    from judged where i.id = judged.id and (held is null or 'members:manage' = any (held))
    returning i.*
  ),
  event_written as (
    insert into events (id, environment_id, type, actor_kind, actor_user_id, organization_id, subject_id, request_id)
    select id_at(:event_id, clock_timestamp()), environment_id, 'invitation.revoked', :actor_kind, :user_id,
      organization_id, id, :request_id
    from revoked
  )
  select ${withSummary("revoked", "array(select role_id from invitation_roles where invitation_id = revoked.id order by 1)")}
    as invitation
  from revoked`,
);
