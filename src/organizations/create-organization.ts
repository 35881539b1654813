import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, forbidden, notFound, type Refusal } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import { insertUnlessExists } from "../models/insert-unless-exists.ts";
import { Membership } from "../models/membership.ts";
import { Organization } from "../models/organization.ts";
import { User } from "../models/user.ts";
import { findSystemRole } from "../roles/find-system-role.ts";
import { requireOrganizationAllowed } from "./require-organization-allowed.ts";

export interface NewOrganization {
  environment_id: string;
  name: string;
  /** Null: an organization without an owner yet; only an operator can make one. */
  owner_user_id: string | null;
  slug?: string | null;
  business_email?: string | null;
  business_phone?: string | null;
  tax_id?: string | null;
  address?: string | null;
  country?: string | null;
  picture?: string | null;
  public_metadata?: Record<string, unknown>;
  metadata?: Record<string, unknown>;
  external_id?: string | null;
  member_management?: Organization["member_management"];
}

/**
 * Creates an organization and, in the same transaction, its owner's membership.
 * @throws 403 for a user who writes what is for programs, or who has created as many as they may, 404 when the owner is no
 *   user of the environment, 409 when slug or external_id is taken.
 */
export function createOrganization(
  { db }: Context,
  organization: NewOrganization,
  actor: Actor,
): Promise<Organization> {
  const { environment_id, owner_user_id } = organization;
  refuseProgramAttributes(organization, actor);
  return transaction(db, async (trx) => {
    if (owner_user_id !== null) await refuseUnknownOwner(owner_user_id);
    const { user_id: creator_user_id } = actor;
    if (creator_user_id !== null) await requireOrganizationAllowed(trx, environment_id, creator_user_id);
    const created = await insertUnlessExists(Organization, trx, {
      id: newId("org"),
      ...organization,
      creator_user_id,
    });
    if (created === undefined) {
      throw conflict(
        "organization_exists",
        "Another organization has this slug or external_id; choose another.",
      );
    }
    if (owner_user_id !== null) {
      const owner = await findSystemRole(trx, environment_id, "owner");
      await Membership.join(trx, {
        environment_id,
        organization_id: created.id,
        user_id: owner_user_id,
        role_ids: [owner.id],
      });
    }
    await recordEvents(trx, actor, [
      { type: "organization.created", environment_id, organization_id: created.id, subject_id: created.id },
    ]);
    return created;

    async function refuseUnknownOwner(userId: string): Promise<void> {
      const user = await User.query(trx).findById(userId).where({ environment_id });
      if (user === undefined) throw notFound("user", { pointer: "/data/relationships/owner" });
    }
  });
}

/** What the team's own systems know an organization by is theirs to write. @throws 403 for a signed-in user. */
export function refuseProgramAttributes(given: Partial<NewOrganization>, actor: Actor): void {
  const name = (["metadata", "external_id"] as const).find((attribute) => given[attribute] !== undefined);
  if (actor.kind !== "user" || name === undefined) return;
  const detail = `Only programs set \`${name}\`. Leave it out; \`public_metadata\` is yours to write.`;
  throw forbidden("program_only", detail, { pointer: `/data/attributes/${name}` });
}

export function organizationExists(): Refusal {
  return conflict(
    "organization_exists",
    "Another organization has this slug or external_id; choose another.",
  );
}
