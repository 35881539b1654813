import type { SystemRoleName } from "../access/permissions.ts";

/** The columns that `HELD_ROLES` adds. */
export interface HeldRoles {
  /** The strongest system role, or null without one. */
  role: SystemRoleName | null;
  /** The names of all roles, system roles first. */
  roles: string[];
}

/** SQL to join to the membership `m` of a statement. It adds `held.role` and `held.roles`. */
export const HELD_ROLES = `lateral (
    select coalesce(array_agg(r.name order by r.is_system desc, r.name), '{}') as roles,
      (array_agg(r.name order by array_position(array['owner', 'admin', 'billing', 'member'], r.name))
        filter (where r.is_system))[1] as role
    from membership_roles mr join roles r on r.id = mr.role_id
    where mr.membership_id = m.id
  ) held`;
