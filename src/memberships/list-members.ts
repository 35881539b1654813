import type { Knex } from "knex";
import type { SystemRoleName } from "../permissions.ts";

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

/** A page of an organization's members, oldest first, and how many there are. */
export async function listMembers(
  db: Knex,
  { organization_id, role, id, user_id }: MemberFilter,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ rows: Member[]; total: number }> {
  const members = db("memberships as m").where({ "m.organization_id": organization_id });
  if (role !== undefined) void members.whereRaw("strongest_role(m.id) = ?", [role]);
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
