import type { Knex } from "knex";
import type { Context } from "../context.ts";
import { statement } from "../db/statement.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, forbidden, notFound, Refusal } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
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
  /** Null: an organization without an owner yet; only programs can make one. */
  owner_user_id: string | null;
  /** Whom to invite as its first owner. */
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
 * Creates an organization and, in the same transaction, its owner's membership, or the invitation of its first owner.
 * @throws 403 for a user who writes what is for programs, or who has created as many as they may, 404 when the owner is no
 *   user of the environment, 409 when slug or external_id is taken, 429 when the owner's address can't be emailed now.
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
      member_management: organization.member_management ?? (await usualMemberManagement(trx, environment_id)),
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
    await recordEvents(trx, actor, [
      { type: "organization.created", environment_id, organization_id: created.id, subject_id: created.id },
    ]);
    if (owner_address !== null) {
      await inviteOwner(created.id, owner_address);
      afterCommit(() => queues.wakeUp("mail"));
    }
    return created;

    async function inviteOwner(organization_id: string, address: EmailAddress): Promise<void> {
      const owner = await findSystemRole(trx, environment_id, "owner");
      const said = { message: null, locale: null, metadata: {}, expires_at: null };
      const invitation = { ...said, environment_id, organization_id, address, role_ids: [owner.id] };
      const invited = await tryToInvite(trx, invitation, actor);
      if (invited instanceof Refusal) throw invited;
    }

    async function refuseUnknownOwner(userId: string): Promise<void> {
      const user = await User.query(trx).findById(userId).where({ environment_id });
      if (user === undefined) throw notFound("user", { pointer: "/data/relationships/owner" });
    }
  });
}

async function usualMemberManagement(trx: Knex.Transaction, id: string): Promise<MemberManagement> {
  const { settings } = await Environment.query(trx).findById(id).select("settings").throwIfNotFound();
  return settings.member_management ?? "owner";
}

const FOR_PROGRAMS = {
  metadata: "`public_metadata` is yours to write.",
  external_id: "`public_metadata` is yours to write.",
  owner_email: "You become the owner yourself.",
};

/** What the team's own systems know an organization by is theirs to write. @throws 403 for a signed-in user. */
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
 * Refuses an organization that would be one too many for the user. Those they created count, whoever owns them by now:
 * so nobody uses up another's quota by handing organizations over, nor gets more by giving theirs away. The user is
 * locked, so that each of many that come at once sees those before it.
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
    "You have created as many organizations as you may. Delete one, or ask the operator for more.";
  throw forbidden("organization_limit", detail);
}
