import type { Context } from "../context.ts";
import { statement } from "../db/statement.ts";
import type { Actor } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import type { Invitation, Proof } from "../models/invitation.ts";
import { closedInvitation, closedState, type InvitationKey, writeIfOpen } from "./find-invitation.ts";
import { lockedOpen, withSummary } from "./lock-open.ts";
import { noticeSql } from "./notify-inviter.ts";

/**
 * Declines an invitation and notifies the inviter. Declining again returns the same.
 * @param proof undefined for a program, which needs to name nobody.
 * @throws 404 for an unknown invitation, 409 with the state's code if it ended in another way.
 */
export async function declineInvitation(
  { db, queues }: Context,
  key: InvitationKey,
  proof: Proof | undefined,
  actor: Actor,
): Promise<Invitation> {
  const { id, environment_id = null } = key;
  const values = {
    id,
    environment_id,
    token_version: proof?.by === "link" ? proof.tokenVersion : null,
    actor_kind: actor.kind,
    actor_user_id: actor.user_id,
    request_id: actor.request_id,
    delivery_id: newId("dlv"),
    event_id: newId("evt"),
  };
  const { invitation, isWritten } = await writeIfOpen(db, key, proof, () => writeRefusal(db, values));
  if (isWritten) queues.wakeUp("mail");
  if (isWritten || closedState(invitation, proof) === "declined") return invitation;
  throw closedInvitation(invitation, actor, proof);
}

const writeRefusal = statement<
  { invitation: object },
  {
    id: string;
    environment_id: string | null;
    token_version: number | null;
    actor_kind: Actor["kind"];
    actor_user_id: string | null;
    request_id: string | null;
    delivery_id: string;
    event_id: string;
  }
>(
  "decline-invitation",
  {
    id: "text",
    environment_id: "text",
    token_version: "int",
    actor_kind: "text",
    actor_user_id: "text",
    request_id: "text",
    delivery_id: "text",
    event_id: "text",
  },
  `
  with ${lockedOpen({ id: ":id", environment: ":environment_id", tokenVersion: ":token_version" })},
  declined as (
    update invitations i set status = 'declined', declined_at = clock_timestamp(), updated_at = clock_timestamp()
    from open where i.id = open.id
    returning i.*
  ),
  notice_written as (
    ${noticeSql({ id: ":delivery_id", of: "declined", kind: "invitation-declined" })}
  ),
  event_written as (
    insert into events (id, environment_id, type, actor_kind, actor_user_id, organization_id, subject_id, request_id)
    select id_at(:event_id, clock_timestamp()), environment_id, 'invitation.declined', :actor_kind, :actor_user_id,
      organization_id, id, :request_id
    from declined
  )
  select ${withSummary("declined", "array(select role_id from invitation_roles where invitation_id = declined.id order by 1)")}
    as invitation
  from declined`,
);
