import { createSession } from "../../src/access/create-session.ts";
import type { SystemRoleName } from "../../src/access/permissions.ts";
import { createEnvironment } from "../../src/environments/create-environment.ts";
import { SYSTEM } from "../../src/events/record-events.ts";
import { parseEmailAddress } from "../../src/lib/email-address.ts";
import { Membership } from "../../src/models/membership.ts";
import type { Organization } from "../../src/models/organization.ts";
import type { User } from "../../src/models/user.ts";
import { createOrganization, type NewOrganization } from "../../src/organizations/create-organization.ts";
import { findSystemRole } from "../../src/roles/find-system-role.ts";
import { createUser, type NewUser } from "../../src/users/create-user.ts";
import type { ApiAnswer } from "./api.ts";
import type { Guildhall } from "./guildhall.ts";

let count = 0;

/** Returns a text that is unique in this run. */
export function unique(prefix: string): string {
  count += 1;
  return `${prefix}-${process.pid}-${count}`;
}

export function uniqueEmail(): string {
  return `${unique("person")}@example.com`;
}

/** Creates an environment. The default is `acme-test`, which the tests' client uses. @returns its id. */
export async function buildEnvironment({ db }: Guildhall, handle = "acme-test"): Promise<string> {
  const existing = await db("environments").where({ handle }).first("id");
  return existing?.id ?? (await createEnvironment(db, { handle, name: "Acme", settings: {} }, SYSTEM)).id;
}

/** Creates a person with a verified address and a session. */
export interface Person {
  user: User;
  token: string;
}

export async function buildPerson(
  guildhall: Guildhall,
  {
    email = uniqueEmail(),
    environment,
    ...details
  }: Partial<Omit<NewUser, "address">> & { email?: string; environment?: string } = {},
): Promise<Person> {
  const environment_id = await buildEnvironment(guildhall, environment);
  const address = parseEmailAddress(email);
  if (address === undefined) throw new Error(`${email} is no address`);
  const user = await createUser(
    guildhall.context,
    { environment_id, email_verified: true, ...details, address },
    SYSTEM,
  );
  const { token } = await createSession(guildhall.context, { environment_id, user_id: user.id }, SYSTEM);
  return { user, token };
}

export async function buildOrganization(
  guildhall: Guildhall,
  owner: Person,
  details: Partial<NewOrganization> = {},
): Promise<Organization> {
  const { environment_id, id: owner_user_id } = owner.user;
  return createOrganization(
    guildhall.context,
    { name: "Acme Corp", environment_id, owner_user_id, ...details },
    SYSTEM,
  );
}

/** Creates a member with one system role. @param environment the handle, unless it is `acme-test`. */
export async function buildMember(
  guildhall: Guildhall,
  organization: Organization,
  role: SystemRoleName,
  environment?: string,
): Promise<Person & { membership: Membership }> {
  const person = await buildPerson(guildhall, environment === undefined ? {} : { environment });
  const { environment_id } = organization;
  const { id } = await findSystemRole(guildhall.db, environment_id, role);
  const joining = {
    environment_id,
    organization_id: organization.id,
    user_id: person.user.id,
    role_ids: [id],
  };
  const membership = await guildhall.db.transaction((trx) => Membership.join(trx, joining));
  if (membership === undefined) throw new Error("is a member already");
  return { ...person, membership };
}

export async function roleId(
  { db }: Guildhall,
  environment_id: string,
  name: SystemRoleName,
): Promise<string> {
  return (await findSystemRole(db, environment_id, name)).id;
}

/** Returns the document of an invitation. */
export function invitationTo(organizationId: string, email: string, attributes: object = {}) {
  const relationships = { organization: { data: { type: "organization", id: organizationId } } };
  return { data: { type: "invitation", attributes: { email, ...attributes }, relationships } };
}

/** Invites over the API, as the operator. */
export function invite(
  { api }: Guildhall,
  organization: Organization,
  email: string,
  attributes: object = {},
): Promise<ApiAnswer> {
  return api.post("/api/invitations", invitationTo(organization.id, email, attributes));
}

/** Creates a pending invitation to a person with the invited address, in an organization of its own. */
export async function buildInvitationTo(
  guildhall: Guildhall,
  invitee?: Person,
): Promise<{
  owner: Person;
  organization: Organization;
  invitee: Person;
  id: string;
  path: string;
}> {
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner);
  const person = invitee ?? (await buildPerson(guildhall));
  const { body } = await invite(guildhall, organization, person.user.email);
  return { owner, organization, invitee: person, id: body.data.id, path: body.data.links.self };
}
