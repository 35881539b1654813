import { raw } from "objection";
import type { SystemRoleName } from "../access/permissions.ts";
import type { Context } from "../context.ts";
import { createEnvironment } from "../environments/create-environment.ts";
import { SYSTEM } from "../events/record-events.ts";
import { parseEmailAddress } from "../lib/email-address.ts";
import { newId } from "../lib/id.ts";
import { hashToken } from "../lib/random-token.ts";
import { Environment } from "../models/environment.ts";
import { Membership } from "../models/membership.ts";
import { Organization } from "../models/organization.ts";
import { Session } from "../models/session.ts";
import { User } from "../models/user.ts";
import { createOrganization } from "../organizations/create-organization.ts";
import { findSystemRole } from "../roles/find-system-role.ts";
import { createUser } from "../users/create-user.ts";

export const SEEDED_ENVIRONMENT = "acme-test";
const SLUG = "acme-corp";

const PEOPLE: Array<{ email: string; first_name: string; last_name: string; role: SystemRoleName }> = [
  { email: "ada@acme.example", first_name: "Ada", last_name: "Lovelace", role: "owner" },
  { email: "grace@acme.example", first_name: "Grace", last_name: "Hopper", role: "admin" },
  { email: "luca@acme.example", first_name: "Luca", last_name: "Pacioli", role: "billing" },
  { email: "mary@acme.example", first_name: "Mary", last_name: "Somerville", role: "member" },
];

export interface Seeded {
  organizationId: string;
  billingRoleId: string;
  /** The name of the session's user. Undefined if the organization has no owner now. */
  owner: string | undefined;
}

/**
 * Creates the environment `acme-test` with an organization and a few people, once, and a session of the organization's
 * owner. That is Ada until somebody transfers Acme Corp.
 * @param sessionToken the same at every start, so that a pasted command keeps working.
 */
export async function seedDevelopment(context: Context, sessionToken: string): Promise<Seeded> {
  const { db } = context;
  const environment =
    (await Environment.query(db).findOne({ handle: SEEDED_ENVIRONMENT })) ??
    (await createEnvironment(db, { handle: SEEDED_ENVIRONMENT, name: "Acme", settings: {} }, SYSTEM));
  const { id: environment_id } = environment;
  const organization =
    (await Organization.query(db).findOne({ environment_id, slug: SLUG })) ??
    (await seedOrganization(context, environment_id));
  await keepSession(context, environment_id, organization.owner_user_id, sessionToken);
  const billing = await findSystemRole(db, environment_id, "billing");
  const owner =
    organization.owner_user_id === null
      ? undefined
      : await User.query(db).findById(organization.owner_user_id);
  return { organizationId: organization.id, billingRoleId: billing.id, owner: owner && nameOf(owner) };
}

function nameOf({ first_name, last_name, email }: User): string {
  return [first_name, last_name].filter((name) => name !== null).join(" ") || email;
}

async function seedOrganization(context: Context, environment_id: string): Promise<Organization> {
  const users = await Promise.all(PEOPLE.map((person) => seedUser(context, environment_id, person)));
  const owner_user_id = users[0]?.id ?? null;
  const details = { name: "Acme Corp", slug: SLUG, environment_id, owner_user_id };
  const organization = await createOrganization(context, details, SYSTEM);
  for (const [index, { role }] of PEOPLE.entries()) {
    const { id } = await findSystemRole(context.db, environment_id, role);
    const joining = {
      environment_id,
      organization_id: organization.id,
      user_id: users[index]?.id ?? "",
      role_ids: [id],
    };
    await context.db.transaction((trx) => Membership.join(trx, joining));
  }
  return organization;
}

async function seedUser(
  context: Context,
  environment_id: string,
  { email, first_name, last_name }: (typeof PEOPLE)[number],
) {
  const address = parseEmailAddress(email);
  if (address === undefined) throw new Error(`${email} is not an email address`);
  const existing = await User.query(context.db).findOne({
    environment_id,
    email_canonical: address.canonical,
  });
  return (
    existing ??
    createUser(context, { environment_id, address, email_verified: true, first_name, last_name }, SYSTEM)
  );
}

async function keepSession(
  { db }: Context,
  environment_id: string,
  user_id: string | null,
  token: string,
): Promise<void> {
  if (user_id === null) return;
  const expires_at = raw("now() + make_interval(days => ?)", [Session.LIFETIME_DAYS]);
  await Session.query(db)
    .insert({ id: newId("sess"), environment_id, user_id, token_hash: hashToken(token), expires_at })
    .onConflict(["token_hash", "environment_id"])
    .merge({ expires_at, revoked_at: null });
}
