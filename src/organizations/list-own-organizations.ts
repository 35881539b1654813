import type { Knex } from "knex";
import type { SystemRoleName } from "../access/permissions.ts";
import { statement } from "../db/statement.ts";
import type { Organization } from "../models/organization.ts";

export interface OwnOrganization extends Pick<Organization, "id" | "name" | "business_email" | "created_at"> {
  /** The strongest system role the user has there; null with none. */
  role: SystemRoleName | null;
  roles: string[];
}

interface Own {
  environment_id: string;
  user_id: string;
}

const OWN = `
  from memberships m join organizations o on o.id = m.organization_id
  where m.user_id = :user_id and m.environment_id = :environment_id and o.deleting_at is null`;

const findPage = statement<OwnOrganization, Own & { limit: number; offset: number }>(
  "list-own-organizations",
  { environment_id: "text", user_id: "text", limit: "int", offset: "bigint" },
  `
  select o.id, o.name, o.business_email, o.created_at, strongest_role(m.id) as role, role_names(m.id) as roles
  ${OWN} order by o.id limit :limit offset :offset`,
);

const count = statement<{ total: number }, Own>(
  "count-own-organizations",
  { environment_id: "text", user_id: "text" },
  `select count(*)::int as total ${OWN}`,
);

/** A page of the organizations a user is a member of, oldest first, and how many there are. */
export async function listOwnOrganizations(
  db: Knex,
  { environment_id, user_id }: { environment_id: string; user_id: string },
  { limit, offset }: { limit: number; offset: number },
): Promise<{ rows: OwnOrganization[]; total: number }> {
  const [rows, [counted]] = await Promise.all([
    findPage(db, { environment_id, user_id, limit, offset }),
    count(db, { environment_id, user_id }),
  ]);
  return { rows, total: counted?.total ?? 0 };
}
