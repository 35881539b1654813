import type { Knex } from "knex";
import { notFound } from "../errors.ts";
import { isId } from "../lib/id.ts";
import { Invitation } from "../models/invitation.ts";
import { Organization } from "../models/organization.ts";

export interface InvitationKey {
  id: string;
  /** Absent only for the holder of a link: the link itself names the environment. */
  environment_id?: string | undefined;
}

/**
 * The invitation as of now, of an organization that is not being deleted.
 * @throws 404.
 */
export async function findInvitation(db: Knex, { id, environment_id }: InvitationKey): Promise<Invitation> {
  if (!isId("inv", id)) throw notFound("invitation");
  const query = Invitation.query(db)
    .modify("asOfNow")
    .modify("withSummary")
    .findById(id)
    .whereExists(
      Organization.query(db)
        .whereColumn("organizations.id", "invitations.organization_id")
        .whereNull("deleting_at"),
    );
  if (environment_id !== undefined) void query.where({ environment_id });
  const invitation = await query;
  if (invitation === undefined) throw notFound("invitation");
  return invitation;
}
