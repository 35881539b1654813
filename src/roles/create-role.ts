import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import { insertUnlessExists } from "../models/insert-unless-exists.ts";
import { Organization } from "../models/organization.ts";
import { Role } from "../models/role.ts";

export interface NewRole {
  environment_id: string;
  /** Null: usable in every organization of the environment. */
  organization_id: string | null;
  name: string;
  description: string | null;
}

/** Creates a role without permissions. @throws 404 for an organization that isn't there, 409 when the name is taken. */
export function createRole({ db }: Context, role: NewRole, actor: Actor): Promise<Role> {
  const { environment_id, organization_id } = role;
  return transaction(db, async (trx) => {
    if (organization_id !== null) await Organization.lock(trx, environment_id, organization_id);
    const created = await insertUnlessExists(Role, trx, { id: newId("role"), ...role });
    if (created === undefined) throw conflict("name_taken", "There is a role of this name; choose another.");
    await recordEvents(trx, actor, [
      {
        type: "role.created",
        environment_id,
        organization_id,
        subject_id: created.id,
        data: { name: role.name },
      },
    ]);
    return created;
  });
}
