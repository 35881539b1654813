import type { Knex } from "knex";
import { OrganizationDeletion } from "../models/organization.ts";

/**
 * The deletion of an organization, running or completed.
 * @param requestedBy leaves those this user asked for; null: anybody's.
 */
export function findDeletion(
  db: Knex,
  { id, environment_id }: { id: string; environment_id: string },
  requestedBy: string | null,
): Promise<OrganizationDeletion | undefined> {
  const deletion = OrganizationDeletion.query(db).findOne({ organization_id: id, environment_id });
  return (requestedBy === null ? deletion : deletion.where({ requested_by_user_id: requestedBy })).execute();
}
