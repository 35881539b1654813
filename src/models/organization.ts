import type { Knex } from "knex";
import { notFound } from "../errors.ts";
import { BaseModel } from "./base-model.ts";

export type MemberManagement = "owner" | "owner_and_admins";

export class Organization extends BaseModel {
  static override tableName = "organizations";

  declare name: string;
  declare slug: string | null;
  declare owner_user_id: string | null;
  /** Whoever owns it by now. Null: a program or the operator created it. */
  declare creator_user_id: string | null;
  declare business_email: string | null;
  declare business_phone: string | null;
  declare tax_id: string | null;
  declare address: string | null;
  declare country: string | null;
  declare picture: string | null;
  /** Written by the organization's members. */
  declare public_metadata: Record<string, unknown>;
  /** Written by the team's own programs alone, as is `external_id`. */
  declare metadata: Record<string, unknown>;
  declare external_id: string | null;
  declare member_management: MemberManagement;
  declare deleting_at: Date | null;

  /**
   * Takes the organization's lock, the first of nearly every lock order: batch, organization, invitation, membership.
   * It serialises joining, answering and deleting, and blocks no foreign-key check.
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
