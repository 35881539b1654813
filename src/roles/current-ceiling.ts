import type { Knex } from "knex";
import type { Permission } from "../access/permissions.ts";
import { lacksPermission } from "../access/require-permission.ts";
import { statement } from "../db/statement.ts";
import type { Actor } from "../events/record-events.ts";
import type { Ceiling } from "./require-grantable.ts";

const findHeld = statement<{ held: string[] }, { user_id: string | null; organization_id: string | null }>(
  "find-permissions-held",
  { user_id: "text", organization_id: "text" },
  "select permissions_now(:user_id, :organization_id) as held",
);

/**
 * What the actor may give in an organization, read once its lock is held: the rights they came with may be gone by now.
 * Inside a transaction they stay what they are until it ends.
 * @param organizationId null: in the whole environment.
 * @returns null, no ceiling, for programs, which act by their scopes.
 * @throws 403 for a user who lacks the permission.
 */
export async function currentCeiling(
  db: Knex,
  { kind, user_id }: Pick<Actor, "kind" | "user_id">,
  organizationId: string | null,
  needed: Permission,
): Promise<Ceiling> {
  if (kind !== "user") return null;
  const [{ held = [] } = {}] = await findHeld(db, { user_id, organization_id: organizationId });
  if (held.includes(needed)) return held;
  throw lacksPermission(needed, organizationId === null ? "environment" : "organization");
}
