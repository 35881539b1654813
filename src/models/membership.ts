import type { Knex } from "knex";
import { type QueryBuilder, raw } from "objection";
import { newId } from "../lib/id.ts";
import { BaseModel } from "./base-model.ts";
import { insertUnlessExists } from "./insert-unless-exists.ts";
import { MembershipRole } from "./join-tables.ts";

export interface Joining {
  environment_id: string;
  organization_id: string;
  user_id: string;
  role_ids: string[];
  metadata?: Record<string, unknown>;
}

export class Membership extends BaseModel {
  static override tableName = "memberships";

  declare organization_id: string;
  declare user_id: string;
  declare metadata: Record<string, unknown>;
  /** Selected by `withRoles`. */
  declare role_ids?: string[];

  static override modifiers = {
    /** Selects all but `metadata`, which only a request that shows it reads. */
    withRoles(query: QueryBuilder<Membership>) {
      void query.select(
        ["id", "environment_id", "organization_id", "user_id", "created_at", "updated_at"].map(
          (column) => `memberships.${column}`,
        ),
      );
      void query.select(
        raw(
          "array(select role_id from membership_roles where membership_id = memberships.id order by 1) as role_ids",
        ),
      );
    },
  };

  /**
   * Makes the user a member with these roles. The unique constraint decides between simultaneous calls.
   * @returns undefined if the user is a member; then nothing has changed.
   */
  static async join(
    trx: Knex.Transaction,
    { role_ids, metadata = {}, ...row }: Joining,
  ): Promise<Membership | undefined> {
    const membership = await insertUnlessExists(Membership, trx, { id: newId("orguser"), ...row, metadata });
    if (membership === undefined) return undefined;
    await Membership.grant(trx, membership, role_ids);
    return membership;
  }

  /** Adds the roles that the membership doesn't have. */
  static async grant(trx: Knex.Transaction, membership: Membership, roleIds: string[]): Promise<void> {
    if (roleIds.length === 0) return;
    const rows = roleIds.map((role_id) => ({
      id: newId("orguserrole"),
      environment_id: membership.environment_id,
      organization_id: membership.organization_id,
      membership_id: membership.id,
      role_id,
    }));
    await MembershipRole.query(trx).insert(rows).onConflict().ignore();
  }
}
