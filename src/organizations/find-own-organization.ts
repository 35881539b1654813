import type { Knex } from "knex";
import { Organization } from "../models/organization.ts";
import type { SystemRoleName } from "../permissions.ts";

export type OrganizationWithRole = Organization & {
  /** The strongest system role the user has there; null with none, and for who is no member. */
  your_role: SystemRoleName | null;
  your_roles: string[];
};

/**
 * An organization with the roles a user has in it, in one round trip.
 * @returns undefined for one of another environment, or being deleted.
 */
export async function findOwnOrganization(
  db: Knex,
  { id, environment_id }: { id: string; environment_id: string },
  user_id: string,
): Promise<OrganizationWithRole | undefined> {
  const found = await Organization.query(db)
    .leftJoin("memberships as m", (on) =>
      on.on("m.organization_id", "organizations.id").onVal("m.user_id", user_id),
    )
    .findOne({ "organizations.id": id, "organizations.environment_id": environment_id })
    .whereNull("deleting_at")
    .select(
      "organizations.*",
      db.raw("strongest_role(m.id) as your_role"),
      db.raw("role_names(m.id) as your_roles"),
    );
  return found as OrganizationWithRole | undefined;
}
