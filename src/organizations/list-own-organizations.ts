import type { Knex } from "knex";
import type { SystemRoleName } from "../access/permissions.ts";
import type { Organization } from "../models/organization.ts";

export interface OwnOrganization extends Pick<Organization, "id" | "name" | "business_email" | "created_at"> {
  /** The strongest system role the user has there; null with none. */
  role: SystemRoleName | null;
  roles: string[];
}

/** A page of the organizations a user is a member of, oldest first, and how many there are. */
export async function listOwnOrganizations(
  db: Knex,
  { environment_id, user_id }: { environment_id: string; user_id: string },
  { limit, offset }: { limit: number; offset: number },
): Promise<{ rows: OwnOrganization[]; total: number }> {
  const own = db("memberships as m")
    .join("organizations as o", "o.id", "m.organization_id")
    .where({ "m.user_id": user_id, "m.environment_id": environment_id, "o.deleting_at": null });
  const [rows, [counted]] = await Promise.all([
    own
      .clone()
      .select("o.id", "o.name", "o.business_email", "o.created_at")
      .select(db.raw("strongest_role(m.id) as role"), db.raw("role_names(m.id) as roles"))
      .orderBy("o.id")
      .limit(limit)
      .offset(offset),
    own.count(),
  ]);
  return { rows, total: Number(counted?.count ?? 0) };
}
