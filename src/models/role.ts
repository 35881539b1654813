import { type QueryBuilder, type Raw, raw } from "objection";
import { BaseModel } from "./base-model.ts";

/** Assignments of a role counted at most, unless the count is to be exact. */
const COUNTED = 1_000;

export class Role extends BaseModel {
  static override tableName = "roles";

  /** Null: usable in every organization of the environment. */
  declare organization_id: string | null;
  declare name: string;
  declare description: string | null;
  /** owner, admin, billing, member. */
  declare is_system: boolean;
  /** By the modifier `withPermissionIds`. */
  declare permission_ids?: string[];
  /** By `userCount`. */
  declare user_count?: number | null;

  /** By the modifier `withPermissionNames`. */
  declare permission_names?: string[];

  static override modifiers = {
    withPermissionNames(query: QueryBuilder<Role>) {
      void query.select(
        "roles.*",
        raw(`array(select p.name from role_permissions rp join permissions p on p.id = rp.permission_id
                   where rp.role_id = roles.id) as permission_names`),
      );
    },
    withPermissionIds(query: QueryBuilder<Role>) {
      void query.select(
        "roles.*",
        raw(
          "array(select permission_id from role_permissions where role_id = roles.id order by 1) as permission_ids",
        ),
      );
    },
  };

  /**
   * How many users have it, in the environment or in an organization, each once: as `user_count`.
   * @param everybody false: null for a role that more than one organization uses.
   * @param exact false: null where it is given more than 1,000 times.
   */
  static userCount({ everybody, exact }: { everybody: boolean; exact: boolean }): Raw {
    const count = `role_user_count(roles.id, ${exact ? "null" : COUNTED})`;
    return raw(
      `${everybody ? count : `case when roles.organization_id is not null then ${count} end`} as user_count`,
    );
  }
}
