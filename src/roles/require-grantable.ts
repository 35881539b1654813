import type { Knex } from "knex";
import { type ErrorSource, forbidden, notFound, type Refusal } from "../errors.ts";
import { Role } from "../models/role.ts";

/** The permissions of someone who grants roles: nobody grants more than they have. Null: a program, which may grant all. */
export type HeldPermissions = string[] | null;

export interface Giving {
  environment_id: string;
  /** The organization it is for; null: the whole environment, where organizations' own roles mean nothing. */
  organization_id: string | null;
  role_ids: string[];
  held: HeldPermissions;
  /** Where in the request the roles stand; undefined: it names none. */
  pointer: string | undefined;
  /** Whether a program may grant the role owner, because the organization has no owner yet. */
  toFirstOwner?: boolean;
}

/**
 * Refuses roles that can't be given: not there, of another organization, `owner` (which is transferred, never given), or
 * with permissions beyond the giver's own. The one place of that rule besides the statement that invites.
 * @throws 404, 403.
 */
export async function requireGrantable(
  trx: Knex,
  { environment_id, organization_id, role_ids, held, pointer, toFirstOwner = false }: Giving,
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
  if (!mayOwn && roles.some(({ is_system, name }) => is_system && name === "owner")) {
    throw forbidden(
      "owner_not_grantable",
      "The role owner is transferred, not granted. Only a program invites an owner, to an organization that has none.",
      sourceAt(pointer),
    );
  }
  requireWithin(
    held,
    roles.flatMap(({ permission_names = [] }) => permission_names),
    pointer,
  );
}

/** @throws 403 if one of the permissions isn't held. */
export function requireWithin(
  held: HeldPermissions,
  permissionNames: string[],
  pointer: string | undefined,
): void {
  const beyond = held === null ? [] : permissionNames.filter((name) => !held.includes(name));
  if (beyond.length === 0) return;
  throw exceedsOwn(beyond, sourceAt(pointer));
}

/** The refusal of permissions the giver lacks, by their names. */
export function exceedsOwn(beyond: string[], source: ErrorSource | undefined): Refusal {
  const detail = `You can't grant or take away permissions you don't have yourself: ${[...new Set(beyond)].join(", ")}.`;
  return forbidden("role_exceeds_own", detail, source);
}

function sourceAt(pointer: string | undefined): ErrorSource | undefined {
  return pointer === undefined ? undefined : { pointer };
}
