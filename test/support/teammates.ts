import type { SystemRoleName } from "../../src/access/permissions.ts";
import type { Membership } from "../../src/models/membership.ts";
import type { Organization } from "../../src/models/organization.ts";
import type { NewOrganization } from "../../src/organizations/create-organization.ts";
import type { Api } from "./api.ts";
import { buildMember, buildOrganization, buildPerson, type Person } from "./builders.ts";
import type { Guildhall } from "./guildhall.ts";

/** A member of an organization, with their client and the path of their membership. */
export interface Teammate extends Person {
  api: Api;
  /** The membership's id, or "" without one. */
  memberId: string;
}

/** An organization with a member for each role, and a signed-in person who is only in another organization. */
export interface Teammates extends Record<SystemRoleName | "outsider", Teammate> {
  organization: Organization;
  /** `/bridge-payment/organizations/<id>` */
  path: string;
}

export async function buildTeammates(
  guildhall: Guildhall,
  details: Partial<NewOrganization> = {},
): Promise<Teammates> {
  const owner = await buildPerson(guildhall);
  const outsider = await buildPerson(guildhall);
  await buildOrganization(guildhall, outsider);
  const organization = await buildOrganization(guildhall, owner, details);
  const { id } = organization;
  const owning = await guildhall.db("memberships").where({ organization_id: id }).first("id");
  const joined = async (role: SystemRoleName) =>
    teammate(guildhall, await buildMember(guildhall, organization, role));
  return {
    organization,
    path: `/bridge-payment/organizations/${id}`,
    owner: teammate(guildhall, { ...owner, membership: owning }),
    admin: await joined("admin"),
    billing: await joined("billing"),
    member: await joined("member"),
    outsider: teammate(guildhall, outsider),
  };
}

export function teammate(
  { api }: Guildhall,
  { user, token, membership }: Person & { membership?: Pick<Membership, "id"> },
): Teammate {
  return { user, token, api: api.as(token), memberId: membership?.id ?? "" };
}

export const NOT_ALLOWED = "You don't have permission to perform this action";

/** Returns an error of the Bridge API for `toMatchObject`: its status, its code and, if given, its sentence. */
export function bridgeRefusal(status: number, code: string, error?: string): object {
  return { status, body: { success: false, code, ...(error === undefined ? {} : { error }) } };
}
