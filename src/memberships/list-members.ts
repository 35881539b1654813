import type { Knex } from "knex";
import type { SystemRoleName } from "../access/permissions.ts";
import { statement } from "../db/statement.ts";
import { type CountedPage, countedPage } from "../lib/counted-page.ts";
import { HELD_ROLES, type HeldRoles } from "./held-roles.ts";

export interface Member extends HeldRoles {
  id: string;
  organization_id: string;
  user_id: string;
  email: string;
  first_name: string | null;
  last_name: string | null;
  picture: string | null;
  created_at: Date;
  updated_at: Date;
}

interface Page {
  limit: number;
  offset: number;
}

const PAGE = { limit: "int", offset: "bigint" } as const;

const ALL = "select * from memberships where organization_id = :organization_id";

/**
 * Starts from the members with the role, and leaves out those with a stronger one. One index serves all of it, order
 * included: by organization, role and membership.
 */
const WITH_ROLE = `
  select mr.membership_id as id from membership_roles mr
  where mr.organization_id = :organization_id
    and mr.role_id = (
      select r.id from organizations o join roles r on r.environment_id = o.environment_id
      where o.id = :organization_id and r.organization_id is null and r.is_system and r.name = :role
    )
    and not exists (
      select from membership_roles other join roles r on r.id = other.role_id
      where other.membership_id = mr.membership_id and r.is_system and r.name = any (:stronger)
    )`;

const shown = (memberships: string) => `
  select m.id, m.organization_id, m.user_id, m.created_at, m.updated_at,
    u.email, u.first_name, u.last_name, u.picture, held.role, held.roles
  from (${memberships}) m join users u on u.id = m.user_id cross join ${HELD_ROLES}
  order by m.id`;

const findMembers = statement<Member, { organization_id: string } & Page>(
  "list-members",
  { organization_id: "text", ...PAGE },
  shown(`${ALL} order by id limit :limit offset :offset`),
);

const countMembers = statement<{ total: number }, { organization_id: string; most: number }>(
  "count-members",
  { organization_id: "text", most: "bigint" },
  `select count(*)::int as total from (${ALL} limit :most) m`,
);

interface RoleFilter {
  organization_id: string;
  role: SystemRoleName;
  stronger: SystemRoleName[];
}

const ROLE_FILTER = { organization_id: "text", role: "text", stronger: "text[]" } as const;

const findMembersByRole = statement<Member, RoleFilter & Page>(
  "list-members-by-role",
  { ...ROLE_FILTER, ...PAGE },
  shown(`
    select m.* from (${WITH_ROLE} order by mr.membership_id limit :limit offset :offset) given
    join memberships m on m.id = given.id`),
);

const countMembersByRole = statement<{ total: number }, RoleFilter & { most: number }>(
  "count-members-by-role",
  { ...ROLE_FILTER, most: "bigint" },
  `select count(*)::int as total from (${WITH_ROLE} limit :most) m`,
);

const STRONGER_THAN: Record<SystemRoleName, SystemRoleName[]> = {
  owner: [],
  admin: ["owner"],
  billing: ["owner", "admin"],
  member: ["owner", "admin", "billing"],
};

/** Lists an organization's members, or those whose strongest system role this is, oldest first. */
export async function listMembers(
  db: Knex,
  { organization_id, role }: { organization_id: string; role?: SystemRoleName | undefined },
  page: Page,
): Promise<CountedPage<Member>> {
  if (role === undefined)
    return countedPage(
      page,
      (part) => findMembers(db, { organization_id, ...part }),
      (most) => countMembers(db, { organization_id, most }),
    );
  const filter = { organization_id, role, stronger: STRONGER_THAN[role] };
  return countedPage(
    page,
    (part) => findMembersByRole(db, { ...filter, ...part }),
    (most) => countMembersByRole(db, { ...filter, most }),
  );
}

const findById = statement<Member, { organization_id: string; id: string }>(
  "find-member",
  { organization_id: "text", id: "text" },
  shown(`${ALL} and id = :id`),
);

const findByUser = statement<Member, { organization_id: string; user_id: string }>(
  "find-member-by-user",
  { organization_id: "text", user_id: "text" },
  shown(`${ALL} and user_id = :user_id`),
);

/** @returns undefined if there is no such membership in the organization. */
export async function findMember(
  db: Knex,
  key: { organization_id: string } & ({ id: string } | { user_id: string }),
): Promise<Member | undefined> {
  const [member] = await ("id" in key ? findById(db, key) : findByUser(db, key));
  return member;
}
