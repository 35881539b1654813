import { type QueryBuilder, raw } from "objection";
import { BaseModel } from "./base-model.ts";

export class Role extends BaseModel {
  static override tableName = "roles";

  /** Null: usable in every organization of the environment. */
  declare organization_id: string | null;
  declare name: string;
  declare description: string | null;
  /** owner, admin, billing, member. */
  declare is_system: boolean;
  /** By the modifier `withCounts`. */
  declare permission_ids?: string[];
  declare permission_count?: number;
  declare user_count?: number;

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
    /** With the permissions it has, and how many users have it: in the environment or in an organization. */
    withCounts(query: QueryBuilder<Role>) {
      void query.select(
        "roles.*",
        raw(
          "array(select permission_id from role_permissions where role_id = roles.id order by 1) as permission_ids",
        ),
        raw("(select count(*) from role_permissions where role_id = roles.id) as permission_count"),
        raw(`(select count(*) from (
                select user_id from user_roles where role_id = roles.id
                union
                select m.user_id from membership_roles mr join memberships m on m.id = mr.membership_id where mr.role_id = roles.id
              ) having_it) as user_count`),
      );
    },
  };
}
