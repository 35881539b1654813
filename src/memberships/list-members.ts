import type { Knex } from "knex";
import type { SystemRoleName } from "../access/permissions.ts";

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

/** A page of an organization's members, oldest first, and how many there are. */
export async function listMembers(
  db: Knex,
  { organization_id, role, id, user_id }: MemberFilter,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ rows: Member[]; total: number }> {
  const members = db("memberships as m").where({ "m.organization_id": organization_id });
  if (role !== undefined)
    void members.whereRaw(`exists (${HAS_ROLE} = ?) and not exists (${HAS_ROLE} = any (?))`, [
      role,
      STRONGER_THAN[role],
    ]);
  if (id !== undefined) void members.where({ "m.id": id });
  if (user_id !== undefined) void members.where({ "m.user_id": user_id });
  const [rows, [counted]] = await Promise.all([
    members
      .clone()
      .join("users as u", "u.id", "m.user_id")
      .select("m.id", "m.organization_id", "m.user_id", "m.created_at", "m.updated_at")
      .select("u.email", "u.first_name", "u.last_name", "u.picture")
      .select(db.raw("strongest_role(m.id) as role"), db.raw("role_names(m.id) as roles"))
      .orderBy("m.id")
      .limit(limit)
      .offset(offset),
    members.count(),
  ]);
  return { rows, total: Number(counted?.count ?? 0) };
}
