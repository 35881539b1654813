import type { Knex } from "knex";
import type { SystemRoleName } from "../access/permissions.ts";
import { statement } from "../db/statement.ts";
import { type CountedPage, countedPage } from "../lib/counted-page.ts";
import { HELD_ROLES, type HeldRoles } from "../memberships/held-roles.ts";
import type { Organization } from "../models/organization.ts";

type Shown =
  | "id"
  | "name"
  | "owner_user_id"
  | "business_email"
  | "business_phone"
  | "tax_id"
  | "address"
  | "country"
  | "picture"
  | "public_metadata"
  | "member_management"
  | "created_at"
  | "updated_at";

export interface OwnOrganization extends Pick<Organization, Shown> {
  /** The strongest system role the user has there; null without one, and for a user who isn't a member. */
  your_role: SystemRoleName | null;
  your_roles: string[];
}

const findOwn = statement<OwnOrganization, { id: string; environment_id: string; user_id: string }>(
  "find-own-organization",
  { id: "text", environment_id: "text", user_id: "text" },
  `
  select o.id, o.name, o.owner_user_id, o.business_email, o.business_phone, o.tax_id, o.address, o.country, o.picture,
    o.public_metadata, o.member_management, o.created_at, o.updated_at,
    held.role as your_role, held.roles as your_roles
  from organizations o left join memberships m on m.organization_id = o.id and m.user_id = :user_id
  cross join ${HELD_ROLES}
  where o.id = :id and o.environment_id = :environment_id and o.deleting_at is null`,
);

/**
 * Finds an organization with the roles a user has in it, in one prepared round trip, because front ends ask for it most.
 * @returns undefined for one of another environment, or being deleted.
 */
export async function findOwnOrganization(
  db: Knex,
  { id, environment_id }: { id: string; environment_id: string },
  user_id: string,
): Promise<OwnOrganization | undefined> {
  const [found] = await findOwn(db, { id, environment_id, user_id });
  return found;
}

export type ListedOrganization = Pick<Organization, "id" | "name" | "business_email" | "created_at"> &
  HeldRoles;

interface Own {
  environment_id: string;
  user_id: string;
}

const OWN = `
  select m.id, m.organization_id from memberships m join organizations o on o.id = m.organization_id
  where m.user_id = :user_id and m.environment_id = :environment_id and o.deleting_at is null`;

const findOrganizations = statement<ListedOrganization, Own & { limit: number; offset: number }>(
  "list-own-organizations",
  { environment_id: "text", user_id: "text", limit: "int", offset: "bigint" },
  `
  select o.id, o.name, o.business_email, o.created_at, held.role, held.roles
  from (${OWN} order by m.organization_id limit :limit offset :offset) m
  join organizations o on o.id = m.organization_id cross join ${HELD_ROLES}
  order by o.id`,
);

const countOrganizations = statement<{ total: number }, Own & { most: number }>(
  "count-own-organizations",
  { environment_id: "text", user_id: "text", most: "bigint" },
  `select count(*)::int as total from (${OWN} limit :most) m`,
);

/** Lists a page of the organizations a user is a member of, oldest first, and counts them up to a bound. */
export async function listOwnOrganizations(
  db: Knex,
  own: Own,
  page: { limit: number; offset: number },
): Promise<CountedPage<ListedOrganization>> {
  return countedPage(
    page,
    (part) => findOrganizations(db, { ...own, ...part }),
    (most) => countOrganizations(db, { ...own, most }),
  );
}
