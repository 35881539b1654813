import type { Knex } from "knex";
import { ENVIRONMENT_ONLY, PERMISSIONS, SYSTEM_ROLES, type SystemRoleName } from "../access/permissions.ts";
import { transaction } from "../db/transaction.ts";
import { conflict } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import { Environment, type EnvironmentSettings } from "../models/environment.ts";
import { insertUnlessExists } from "../models/insert-unless-exists.ts";
import { RolePermission } from "../models/join-tables.ts";
import { Permission, Role } from "../models/role.ts";

export interface NewEnvironment {
  handle: string;
  name: string;
  settings: EnvironmentSettings;
}

/**
 * Creates an environment with the permission catalogue and the four system roles.
 * @throws 409 if the handle is taken.
 */
export function createEnvironment(db: Knex, environment: NewEnvironment, actor: Actor): Promise<Environment> {
  return transaction(db, async (trx) => {
    const created = await insertUnlessExists(Environment, trx, { id: newId("env"), ...environment });
    if (created === undefined)
      throw conflict("handle_taken", "Another environment has this handle; choose another.");
    await insertCatalogue(trx, created.id);
    const { id, handle } = created;
    const subject = { id, environment_id: id, organization_id: null };
    await recordEvent(trx, actor, "environment.created", subject, { handle });
    return created;
  });
}

async function insertCatalogue(trx: Knex.Transaction, environment_id: string): Promise<void> {
  const permissions = Object.entries(PERMISSIONS).map(([name, description]) => ({
    id: newId("perm"),
    environment_id,
    name,
    description,
    environment_only: ENVIRONMENT_ONLY.includes(name),
  }));
  const roles = Object.entries(SYSTEM_ROLES).map(([name, { description }]) => ({
    id: newId("role"),
    environment_id,
    name,
    description,
    is_system: true,
  }));
  await Permission.query(trx).insert(permissions);
  await Role.query(trx).insert(roles);
  const permissionIds = new Map(permissions.map(({ name, id }) => [name, id]));
  const grants = roles.flatMap(({ id: role_id, name }) =>
    SYSTEM_ROLES[name as SystemRoleName].permissions.map((permission) => ({
      id: newId("roleperm"),
      environment_id,
      role_id,
      permission_id: permissionIds.get(permission),
    })),
  );
  await RolePermission.query(trx).insert(grants);
}
