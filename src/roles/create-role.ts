import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import { insertUnlessExists } from "../models/insert-unless-exists.ts";
import { Organization } from "../models/organization.ts";
import { Role } from "../models/role.ts";
import { roleExists } from "./role-guards.ts";

export interface NewRole {
  environment_id: string;
  /** Null: usable in every organization of the environment. */
  organization_id: string | null;
  name: string;
  description: string | null;
}

/** Creates a role without permissions. @throws 404 for an unknown organization, 409 if the name is taken. */
export function createRole({ db }: Context, role: NewRole, actor: Actor): Promise<Role> {
  const { environment_id, organization_id, name } = role;
  return transaction(db, async (trx) => {
    if (organization_id !== null) await Organization.lock(trx, environment_id, organization_id);
    const created = await insertUnlessExists(Role, trx, { id: newId("role"), ...role });
    if (created === undefined) throw roleExists();
    await recordEvent(trx, actor, "role.created", created, { name });
    return created;
  });
}
