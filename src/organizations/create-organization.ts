import type { Knex } from "knex";
import type { Context } from "../context.ts";
import { statement } from "../db/statement.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, forbidden, notFound, Refusal } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { tryToInvite } from "../invitations/invite-member.ts";
import type { EmailAddress } from "../lib/email-address.ts";
import { newId } from "../lib/id.ts";
import { Environment } from "../models/environment.ts";
import { insertUnlessExists } from "../models/insert-unless-exists.ts";
import { Membership } from "../models/membership.ts";
import { type MemberManagement, Organization } from "../models/organization.ts";
import { quotaSql } from "../models/quotas.ts";
import { User } from "../models/user.ts";
import { findSystemRole } from "../roles/find-system-role.ts";

export interface NewOrganization {
  environment_id: string;
  name: string;
  /** Null: no owner yet, which only programs may choose. */
  owner_user_id: string | null;
  /** The address to invite as its first owner. */
  owner_address?: EmailAddress | null;
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
 * Creates an organization and, in the same transaction, its owner's membership or the invitation of its first owner.
 * @throws 403 for a user who sets an attribute that only programs may set, or who has created as many as they may,
 *   404 for an unknown owner, 409 if the slug or external_id is taken, 429 if the owner's address can't be emailed
 *   now.
 */
export function createOrganization(
  { db, queues }: Context,
  { owner_address = null, ...organization }: NewOrganization,
  actor: Actor,
): Promise<Organization> {
  const { environment_id, owner_user_id } = organization;
  refuseProgramAttributes(
    { ...organization, ...(owner_address && { owner_email: owner_address.email }) },
    actor,
  );
  return transaction(db, async (trx, afterCommit) => {
    if (owner_user_id !== null) await refuseUnknownOwner(owner_user_id);
    const { user_id: creator_user_id } = actor;
    if (creator_user_id !== null) await requireOrganizationAllowed(trx, environment_id, creator_user_id);
    const created = await insertUnlessExists(Organization, trx, {
      id: newId("org"),
      ...organization,
      member_management:
        organization.member_management ?? (await defaultMemberManagement(trx, environment_id)),
      creator_user_id,
    });
    if (created === undefined) throw organizationExists();
    if (owner_user_id !== null) {
      const owner = await findSystemRole(trx, environment_id, "owner");
      await Membership.join(trx, {
        environment_id,
        organization_id: created.id,
        user_id: owner_user_id,
        role_ids: [owner.id],
      });
    }
    const { id } = created;
    await recordEvent(trx, actor, "organization.created", { id, environment_id, organization_id: id });
    if (owner_address !== null) {
      await inviteOwner(created.id, owner_address);
      afterCommit(() => queues.wakeUp("mail"));
    }
    return created;

    async function inviteOwner(organization_id: string, address: EmailAddress): Promise<void> {
      const owner = await findSystemRole(trx, environment_id, "owner");
      const invitation = { environment_id, organization_id, address, role_ids: [owner.id] };
      const invited = await tryToInvite(trx, invitation, actor);
      if (invited instanceof Refusal) throw invited;
    }

    async function refuseUnknownOwner(userId: string): Promise<void> {
      const user = await User.query(trx).findById(userId).where({ environment_id });
      if (user === undefined) throw notFound("user", { pointer: "/data/relationships/owner" });
    }
  });
}

async function defaultMemberManagement(trx: Knex.Transaction, id: string): Promise<MemberManagement> {
  const { settings } = await Environment.query(trx).findById(id).select("settings").throwIfNotFound();
  return settings.member_management ?? "owner";
}

/** The attributes that only programs may set, with the end of the sentence for users. */
const FOR_PROGRAMS = {
  metadata: "you can set `public_metadata`.",
  external_id: "you can set `public_metadata`.",
  owner_email: "you become the owner yourself.",
};

/** Refuses attributes that only programs may set. @throws 403 for a signed-in user. */
export function refuseProgramAttributes(
  given: { [Name in keyof typeof FOR_PROGRAMS]?: unknown },
  actor: Actor,
): void {
  const names = Object.keys(FOR_PROGRAMS) as Array<keyof typeof FOR_PROGRAMS>;
  const name = names.find((attribute) => given[attribute] !== undefined);
  if (actor.kind !== "user" || name === undefined) return;
  const detail = `Only programs set \`${name}\`. Leave it out; ${FOR_PROGRAMS[name]}`;
  throw forbidden("program_only", detail, { pointer: `/data/attributes/${name}` });
}

export function organizationExists(): Refusal {
  return conflict(
    "organization_exists",
    "Another organization has this slug or external_id; choose another.",
  );
}

const findReached = statement<{ is_reached: boolean }, { environment_id: string; user_id: string }>(
  "is-organization-limit-reached",
  { environment_id: "text", user_id: "text" },
  `
  select coalesce((
    select count(*) from organizations o where o.creator_user_id = :user_id and o.deleting_at is null
  ) >= ${quotaSql("e.settings", "organizations_per_user")}, false) as is_reached
  from environments e where e.id = :environment_id`,
);

/**
 * Refuses an organization beyond the user's quota. It counts the organizations they created, not those they own, so
 * transferring one neither uses up the new owner's quota nor frees the old owner's. The user is locked, so that of many
 * simultaneous requests each sees those before it.
 * @throws 403.
 */
async function requireOrganizationAllowed(
  trx: Knex.Transaction,
  environment_id: string,
  user_id: string,
): Promise<void> {
  await User.query(trx).findById(user_id).select("id").forNoKeyUpdate();
  const [found] = await findReached(trx, { environment_id, user_id });
  if (found?.is_reached !== true) return;
  const detail =
    "You have created as many organizations as you may. Delete one, or ask the operator to raise the limit.";
  throw forbidden("organization_limit", detail);
}
