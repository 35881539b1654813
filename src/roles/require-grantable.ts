import type { Knex } from "knex";
import { type ErrorSource, forbidden, notFound, type Refusal } from "../errors.ts";
import { Role } from "../models/role.ts";

/** The permissions of someone who grants roles: nobody grants more than they have. Null: a program, which may grant all. */
export type HeldPermissions = string[] | null;

export interface RoleGrant {
  environment_id: string;
  /** The organization they are granted in. Null: the whole environment, where organizations' own roles mean nothing. */
  organization_id: string | null;
  role_ids: string[];
  held: HeldPermissions;
  /** Where the request names the roles; undefined if it doesn't. */
  pointer: string | undefined;
  /** Whether a program may grant the role owner, because the organization has no owner yet. */
  toFirstOwner?: boolean;
}

/**
 * Refuses roles that can't be granted: unknown ones, another organization's, `owner` (which is transferred, never
 * granted), and those with permissions the granter lacks. `insertInvitation` has the same rule in SQL, to invite in one
 * round trip; test/role-grants.test.ts proves that the two agree.
 * @throws 404, 403.
 */
export async function requireGrantable(
  trx: Knex,
  { environment_id, organization_id, role_ids, held, pointer, toFirstOwner = false }: RoleGrant,
): Promise<void> {
  const roles = await Role.query(trx)
    .modify("withPermissionNames")
    .whereIn("roles.id", role_ids)
    .where("roles.environment_id", environment_id)
    .where((either) => {
      void either.whereNull("roles.organization_id");
      if (organization_id !== null) void either.orWhere("roles.organization_id", organization_id);
    });
  const missing = role_ids.filter((id) => !roles.some((role) => role.id === id));
  if (missing.length > 0) throw notFound(`role: ${missing.join(", ")}`, sourceAt(pointer));
  const mayOwn = toFirstOwner && held === null;
  if (!mayOwn && roles.some(({ is_system, name }) => is_system && name === "owner"))
    throw ownerNotGrantable(sourceAt(pointer));
  const names = roles.flatMap(({ permission_names = [] }) => permission_names);
  requireHeld(held, names, pointer);
}

/** @throws 403 if one of the permissions isn't held. */
export function requireHeld(
  held: HeldPermissions,
  permissionNames: string[],
  pointer: string | undefined,
): void {
  const lacking = held === null ? [] : permissionNames.filter((name) => !held.includes(name));
  if (lacking.length > 0) throw exceedsOwn(lacking, sourceAt(pointer));
}

/** The refusal for the role owner. */
export function ownerNotGrantable(source: ErrorSource | undefined): Refusal {
  const detail =
    "The role owner is transferred, not granted. Only a program invites an owner, to an organization that has none.";
  return forbidden("owner_not_grantable", detail, source);
}

/** The refusal for permissions the granter lacks, by their names. */
export function exceedsOwn(lacking: string[], source: ErrorSource | undefined): Refusal {
  const detail = `You can't grant or revoke permissions you don't have yourself: ${[...new Set(lacking)].join(", ")}.`;
  return forbidden("role_exceeds_own", detail, source);
}

function sourceAt(pointer: string | undefined): ErrorSource | undefined {
  return pointer === undefined ? undefined : { pointer };
}
