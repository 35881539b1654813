import { z } from "zod";
import type { OrganizationAccess } from "../access/caller.ts";
import { notFound } from "../errors.ts";
import { described } from "../http/attributes.ts";

/** The row a path names, in the environment of the request. */
export function keyOf({
  params,
  environment,
}: {
  params: { id: string };
  environment: { environment_id: string };
}) {
  return { id: params.id, environment_id: environment.environment_id };
}

interface Request {
  params: { id: string };
  environment: { environment_id: string };
  organization: OrganizationAccess | undefined;
}

/** The row a path names, in the organization that `allow` names. @throws 404 without one. */
export function keyInOrganization(request: Request) {
  return { ...keyOf(request), organization_id: organizationOf(request) };
}

/** The id of the organization that `allow` names. @throws 404 without one. */
export function organizationOf({ organization }: Pick<Request, "organization">): string {
  if (organization === undefined) throw notFound("organization");
  return organization.id;
}

/** What an answer says besides, where a change can cost a member the right to send their invitations. */
export const RevokedInvitations = z.object({
  revoked_invitations: described(
    z.int(),
    "How many pending invitations were revoked, because they would now give more than their inviter has.",
    0,
  ),
});
