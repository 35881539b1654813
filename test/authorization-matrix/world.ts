import { SCOPES } from "../../src/access/oauth/scopes.ts";
import type { SystemRoleName } from "../../src/access/permissions.ts";
import { SYSTEM } from "../../src/events/record-events.ts";
import { removeMember } from "../../src/memberships/remove-member.ts";
import { Membership } from "../../src/models/membership.ts";
import type { Organization } from "../../src/models/organization.ts";
import { deleteOrganization } from "../../src/organizations/delete-organization.ts";
import { buildClient } from "../support/access-tokens.ts";
import { type Api, createApi } from "../support/api.ts";
import { buildMember, buildOrganization, buildPerson, type Person, roleId } from "../support/builders.ts";
import type { Guildhall } from "../support/guildhall.ts";
import type { Caller, Column, Session } from "./names.ts";

/** An organization with a member who is not one of the callers. */
export interface Team {
  organization: Organization;
  fellow: Person;
}

export interface World {
  guildhall: Guildhall;
  people: Record<Session | "otherOwner" | "elsewhere", Person>;
  teams: Record<Column, Team>;
  /** Speaks as a caller; what an access token may do depends on the scope in question. */
  speakAs(caller: Caller, scope: string | undefined): Promise<Api>;
}

export async function buildWorld(guildhall: Guildhall): Promise<World> {
  // The callers send more requests than people may in a minute.
  guildhall.context.limiter.count = () => {};
  const people = {
    outsider: await buildPerson(guildhall),
    invited: await buildPerson(guildhall),
    exMember: await buildPerson(guildhall),
    member: await buildPerson(guildhall),
    billing: await buildPerson(guildhall),
    admin: await buildPerson(guildhall),
    owner: await buildPerson(guildhall),
    otherOwner: await buildPerson(guildhall),
    elsewhere: await buildPerson(guildhall, { environment: "globex" }),
  };
  const teams = {
    own: await buildTeam(guildhall, people, "own"),
    foreign: await buildTeam(guildhall, people, "foreign"),
    otherEnvironment: await buildTeam(guildhall, people, "otherEnvironment"),
    deleted: await buildTeam(guildhall, people, "deleted"),
  };
  const { id, environment_id } = teams.own.organization;
  const membership = await join(guildhall, teams.own.organization, people.exMember, "admin");
  await removeMember(guildhall.context, { id: membership.id, environment_id, organization_id: id }, SYSTEM);
  return { guildhall, people, teams, speakAs: await voices(guildhall, people) };
}

/** The callers have their places in the teams that they belong or belonged to. */
export async function buildTeam(
  guildhall: Guildhall,
  people: World["people"],
  column: Column,
): Promise<Team> {
  const owner = {
    own: people.owner,
    deleted: people.owner,
    foreign: people.otherOwner,
    otherEnvironment: people.elsewhere,
  }[column];
  const organization = await buildOrganization(guildhall, owner);
  const { id, environment_id } = organization;
  const fellow = column === "otherEnvironment" ? owner : await buildMember(guildhall, organization, "member");
  if (column === "own" || column === "deleted") {
    for (const role of ["admin", "billing", "member"] as const)
      await join(guildhall, organization, people[role], role);
  }
  if (column === "deleted") await deleteOrganization(guildhall.context, { id, environment_id }, SYSTEM);
  return { organization, fellow };
}

export async function join(
  guildhall: Guildhall,
  { id, environment_id }: Organization,
  { user }: Person,
  role: SystemRoleName,
): Promise<Membership> {
  const role_ids = [await roleId(guildhall, environment_id, role)];
  const joining = { environment_id, organization_id: id, user_id: user.id, role_ids };
  const membership = await guildhall.db.transaction((trx) => Membership.join(trx, joining));
  if (membership === undefined) throw new Error("is a member already");
  return membership;
}

async function voices(guildhall: Guildhall, people: World["people"]): Promise<World["speakAs"]> {
  const { api, context, settings } = guildhall;
  const here = await buildClient(guildhall, [...SCOPES]);
  const there = await buildClient(guildhall, [...SCOPES], "globex");
  const bearer = async (client_id: string, environment: string, scopes: string[]) => {
    const grant = { client_id, environment, scopes, audience: `${settings.PUBLIC_URL}/api` };
    const token = await context.accessTokens.sign(grant);
    return createApi(api.origin, { Authorization: `Bearer ${token}`, "X-Environment": "acme-test" });
  };
  const { environment_id } = people.owner.user;
  return async (caller, scope) => {
    if (caller === "operator") return api;
    if (caller === "anonymous") return api.as(null);
    if (caller === "otherSession") return api.as(people.elsewhere.token);
    if (caller === "otherClient") return bearer(there.id, people.elsewhere.user.environment_id, [...SCOPES]);
    if (caller === "clientWithScope")
      return bearer(here.id, environment_id, scope === undefined ? [] : [scope]);
    if (caller === "clientWithoutScope")
      return bearer(
        here.id,
        environment_id,
        SCOPES.filter((other) => other !== scope),
      );
    return api.as(people[caller].token);
  };
}
