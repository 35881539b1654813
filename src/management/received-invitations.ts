import { raw } from "objection";
import { z } from "zod";
import { created_at, described, time, withExample } from "../http/attributes.ts";
import { resourceType } from "../json-api/resource-type.ts";
import { INVITATION_STATUSES, Invitation } from "../models/invitation.ts";
import { personNameSql } from "../models/person-name.ts";
import { byStatusNow } from "./invitation-filters.ts";
import { isAlive } from "./visible-organizations.ts";

/** Shows only what the email says, which is all its recipient should know before they answer. */
class ReceivedInvitation extends Invitation {
  declare organization_name: string;
  declare inviter_name: string | null;
  declare role_names: string[];
}

export const receivedInvitationType = resourceType<ReceivedInvitation>({
  type: "received_invitation",
  path: "received-invitations",
  prefix: "inv",
  description:
    "An invitation as its recipient sees it, with the contents of the email. Answer it at `/api/invitations/:id/accept` or `/decline`, with the same id.",
  seenBy: "A signed-in user sees those sent to their own address, once it is verified.",
  readBy: "user",
  visible({ db, environment_id, caller }) {
    const received = ReceivedInvitation.query(db)
      .modify("asListed")
      .select(
        raw(
          "(select name from organizations o where o.id = invitations.organization_id) as organization_name",
        ),
        raw(
          `(select ${personNameSql("u")} from users u where u.id = invitations.inviter_user_id) as inviter_name`,
        ),
        raw(`array(select r.name from invitation_roles ir join roles r on r.id = ir.role_id
              where ir.invitation_id = invitations.id order by r.name) as role_names`),
      )
      .where("invitations.environment_id", environment_id)
      .whereRaw(isAlive("invitations.organization_id"));
    if (caller.kind !== "user" || !caller.email_verified) return received.whereRaw("false");
    return received.where("invitations.email_canonical", caller.email_canonical);
  },
  attributes: z.object({
    email: withExample(z.string(), "mary@acme.example"),
    organization_name: withExample(z.string(), "Acme Corp"),
    inviter_name: withExample(z.string().nullable(), "Mary Major"),
    role_names: described(z.array(z.string()), "The roles you will have.", ["member"]),
    message: withExample(z.string().nullable(), "Will you look after our books?"),
    status: described(z.enum(INVITATION_STATUSES), "Only a `pending` invitation can be answered.", "pending"),
    expires_at: described(time, "Until when it can be answered.", "2026-12-20T09:30:00.000Z"),
    accepted_at: time.nullable(),
    declined_at: time.nullable(),
    revoked_at: time.nullable(),
    expired_at: time.nullable(),
    created_at,
  }),
  relationships: {},
  sortable: ["created_at", "expires_at"],
  filters: {
    status: byStatusNow,
  },
});
