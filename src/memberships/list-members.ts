import type { Knex } from "knex";
import type { SystemRoleName } from "../access/permissions.ts";
import { statement } from "../db/statement.ts";

export interface Member {
  id: string;
  organization_id: string;
  user_id: string;
  email: string;
  first_name: string | null;
  last_name: string | null;
  picture: string | null;
  /** The strongest system role; null with none. */
  role: SystemRoleName | null;
  roles: string[];
  created_at: Date;
  updated_at: Date;
}

export interface MemberFilter {
  organization_id: string;
  role?: SystemRoleName | undefined;
  /** One membership alone. */
  id?: string | undefined;
  user_id?: string | undefined;
}

/** Begins with who has the role; `strongest_role` would be called for every member. */
const HAS_ROLE = `
  select from membership_roles mr join roles r on r.id = mr.role_id
  where mr.membership_id = m.id and r.is_system and r.name`;

const STRONGER_THAN: Record<SystemRoleName, SystemRoleName[]> = {
  owner: [],
  admin: ["owner"],
  billing: ["owner", "admin"],
  member: ["owner", "admin", "billing"],
};

interface Filter {
  organization_id: string;
  id: string | null;
  user_id: string | null;
  role: SystemRoleName | null;
  stronger: SystemRoleName[];
}

const FILTER = {
  organization_id: "text",
  id: "text",
  user_id: "text",
  role: "text",
  stronger: "text[]",
} as const;

const FILTERED = `
  where m.organization_id = :organization_id
    and (:id is null or m.id = :id) and (:user_id is null or m.user_id = :user_id)
    and (:role is null or exists (${HAS_ROLE} = :role) and not exists (${HAS_ROLE} = any (:stronger)))`;

const findPage = statement<Member, Filter & { limit: number; offset: number }>(
  "list-members",
  { ...FILTER, limit: "int", offset: "bigint" },
  `
  select m.id, m.organization_id, m.user_id, m.created_at, m.updated_at,
    u.email, u.first_name, u.last_name, u.picture, strongest_role(m.id) as role, role_names(m.id) as roles
  from memberships m join users u on u.id = m.user_id ${FILTERED}
  order by m.id limit :limit offset :offset`,
);

const count = statement<{ total: number }, Filter>(
  "count-members",
  FILTER,
  `select count(*)::int as total from memberships m ${FILTERED}`,
);

/** A page of an organization's members, oldest first, and how many there are. */
export async function listMembers(
  db: Knex,
  { organization_id, role, id, user_id }: MemberFilter,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ rows: Member[]; total: number }> {
  const filter = {
    organization_id,
    id: id ?? null,
    user_id: user_id ?? null,
    role: role ?? null,
    stronger: role === undefined ? [] : STRONGER_THAN[role],
  };
  const [rows, [counted]] = await Promise.all([
    findPage(db, { ...filter, limit, offset }),
    count(db, filter),
  ]);
  return { rows, total: counted?.total ?? 0 };
}
