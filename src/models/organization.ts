import type { Knex } from "knex";
import { notFound } from "../errors.ts";
import { BaseModel } from "./base-model.ts";

export type MemberManagement = "owner" | "owner_and_admins";

export class Organization extends BaseModel {
  static override tableName = "organizations";

  declare name: string;
  declare slug: string | null;
  declare owner_user_id: string | null;
  /** The user who created it, even if someone else owns it now. Null if a program or the operator did. */
  declare creator_user_id: string | null;
  declare business_email: string | null;
  declare business_phone: string | null;
  declare tax_id: string | null;
  declare address: string | null;
  declare country: string | null;
  declare picture: string | null;
  /** Written by the organization's members. */
  declare public_metadata: Record<string, unknown>;
  /** Like `external_id`, written only by the team's own programs. */
  declare metadata: Record<string, unknown>;
  declare external_id: string | null;
  declare member_management: MemberManagement;
  declare deleting_at: Date | null;

  /**
   * Locks the organization, which comes first in nearly every lock order: batch, organization, invitation, membership.
   * This serializes joining, answering and deleting, and does not block foreign-key checks.
   * @throws 404 when there is no such organization in the environment, or it is being deleted.
   */
  static async lock(trx: Knex.Transaction, environmentId: string, id: string): Promise<Organization> {
    const organization = await Organization.query(trx)
      .findById(id)
      .where({ environment_id: environmentId })
      .whereNull("deleting_at")
      .forNoKeyUpdate();
    if (organization === undefined) throw notFound("organization");
    return organization;
  }
}

/** Rows per table. */
export type Counts = Record<string, number>;

/** Tracks a deletion while it runs, and is its receipt afterwards. */
export class OrganizationDeletion extends BaseModel {
  static override tableName = "organization_deletions";

  declare organization_id: string;
  declare organization_name: string;
  declare requested_by_user_id: string | null;
  declare state: "detaching" | "completed";
  declare planned: Counts;
  declare done: Counts;
  /** By table, the last id that was processed. */
  declare reached: Record<string, string>;
  declare completed_at: Date | null;
}
