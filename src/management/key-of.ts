import type { OrganizationAccess } from "../access/caller.ts";
import { notFound } from "../errors.ts";

/** Reads which row the path names, in the environment of the request. */
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

/** Reads which row the path names, in the organization that `allow` names. @throws 404 without one. */
export function keyInOrganization(request: Request) {
  return { ...keyOf(request), organization_id: organizationOf(request) };
}

/** Reads the id of the organization that `allow` names. @throws 404 without one. */
export function organizationOf({ organization }: Pick<Request, "organization">): string {
  if (organization === undefined) throw notFound("organization");
  return organization.id;
}
