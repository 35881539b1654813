import type { Knex } from "knex";
import type { Permission } from "../access/permissions.ts";
import { lacksPermission } from "../access/require-permission.ts";
import { statement } from "../db/statement.ts";
import type { Actor } from "../events/record-events.ts";
import type { HeldPermissions } from "./require-grantable.ts";

const findHeld = statement<{ held: string[] }, { user_id: string | null; organization_id: string | null }>(
  "find-permissions-held",
  { user_id: "text", organization_id: "text" },
  "select permissions_now(:user_id, :organization_id) as held",
);

/**
 * Checks the actor's permissions again, once the organization is locked: they may have lost some since the request was
 * admitted. Until the transaction ends they can't lose any more.
 * @param organizationId null: in the whole environment.
 * @returns the permissions the actor has there.
 * @throws 403 for a user who lacks the permission.
 */
export async function requirePermissionNow(
  db: Knex,
  { kind, user_id }: Pick<Actor, "kind" | "user_id">,
  organizationId: string | null,
  needed: Permission,
): Promise<HeldPermissions> {
  if (kind !== "user") return null;
  const [{ held = [] } = {}] = await findHeld(db, { user_id, organization_id: organizationId });
  if (held.includes(needed)) return held;
  throw lacksPermission(needed, organizationId === null ? "environment" : "organization");
}
