import { type QueryBuilder, type Raw, raw } from "objection";
import { BaseModel } from "./base-model.ts";

/** The most assignments of a role to count, unless the count must be exact. */
const COUNTED = 1_000;

export class Role extends BaseModel {
  static override tableName = "roles";

  /** Null: usable in every organization of the environment. */
  declare organization_id: string | null;
  declare name: string;
  declare description: string | null;
  /** owner, admin, billing, member. */
  declare is_system: boolean;
  /** Selected by `withPermissionIds`. */
  declare permission_ids?: string[];
  /** Selected by `userCount`. */
  declare user_count?: number | null;
  /** Selected by `withPermissionNames`. */
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
   * Selects `user_count`: how many distinct users have the role, in the environment or in an organization.
   * @param everybody when false, the count is null for a role that more than one organization can use.
   * @param exact when false, the count is null for a role with more than 1,000 assignments.
   */
  static userCount({ everybody, exact }: { everybody: boolean; exact: boolean }): Raw {
    const count = `role_user_count(roles.id, ${exact ? "null" : COUNTED})`;
    return raw(
      `${everybody ? count : `case when roles.organization_id is not null then ${count} end`} as user_count`,
    );
  }
}

/** An entry in an environment's catalogue. Its name is `resource:action` and never changes. */
export class Permission extends BaseModel {
  static override tableName = "permissions";

  declare name: string;
  declare description: string | null;
  /** It has no effect in an organization, so owners don't have it. */
  declare environment_only: boolean;
}
