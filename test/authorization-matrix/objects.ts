import { randomBytes } from "node:crypto";
import { createSession } from "../../src/access/create-session.ts";
import { SYSTEM } from "../../src/events/record-events.ts";
import { newId } from "../../src/lib/id.ts";
import { hashToken, randomToken } from "../../src/lib/random-token.ts";
import { deleteUser } from "../../src/users/delete-user.ts";
import { buildPerson, type Person, roleId, unique, uniqueEmail } from "../support/builders.ts";
import type { Caller, Column } from "./names.ts";
import { buildTeam, join, type World } from "./world.ts";

/** Where an object belongs, and who will ask for it. */
export interface Cell {
  world: World;
  column: Column;
  caller: Caller;
}

/**
 * Makes an object of a type in a cell. @returns its id, or undefined if there can't be one: no permission belongs to
 * an organization.
 */
export const OBJECTS: Record<string, (cell: Cell) => Promise<string | undefined>> = {
  /** An organization that may be deleted, with every caller in it. */
  async organization({ world: { guildhall, people }, column }) {
    return (await buildTeam(guildhall, people, column)).organization.id;
  },

  async membership({ world, column }) {
    const { guildhall, teams } = world;
    const { organization } = teams[column];
    return (await join(guildhall, organization, await personIn(world, column), "member")).id;
  },

  async membership_role(cell) {
    const membership_id = await made(OBJECTS.membership?.(cell));
    const { environment_id } = environmentOf(cell);
    const role_id = await roleId(cell.world.guildhall, environment_id, "billing");
    return insert(cell, "membership_roles", { id: newId("orguserrole"), membership_id, role_id });
  },

  /** To the caller, if they can join the organization; a caller who accepted before isn't a member any more. */
  async invitation(cell) {
    const { world, column } = cell;
    const { db } = world.guildhall;
    const { id: organization_id } = world.teams[column].organization;
    const { user } = world.people.invited;
    await db("memberships").where({ organization_id, user_id: user.id }).delete();
    const ended = { status: "revoked", revoked_at: db.fn.now() };
    await db("invitations")
      .where({ organization_id, email_canonical: user.email_canonical, status: "pending" })
      .update(ended);
    const email = column === "own" ? user.email_canonical : uniqueEmail();
    const row = {
      id: newId("inv"),
      organization_id,
      email,
      email_canonical: email,
      expires_at: new Date(Date.now() + 86_400_000),
    };
    return insert(cell, "invitations", row);
  },

  invitation_batch: (cell) =>
    insert(cell, "invitation_batches", {
      id: newId("batch"),
      organization_id: cell.world.teams[cell.column].organization.id,
      actor_kind: "operator",
      total_count: 1,
    }),

  async invitation_batch_row(cell) {
    const batch_id = await made(OBJECTS.invitation_batch?.(cell));
    const row = { id: newId("batchrow"), batch_id, number: 1, email: uniqueEmail() };
    return insert(cell, "invitation_batch_rows", row);
  },

  received_invitation: (cell) => made(OBJECTS.invitation?.(cell)),

  async delivery(cell) {
    const invitation_id = await made(OBJECTS.invitation?.(cell));
    const email = uniqueEmail();
    return insert(cell, "mail_deliveries", {
      id: newId("dlv"),
      invitation_id,
      kind: "invitation",
      email,
      email_canonical: email,
    });
  },

  role: (cell) =>
    insert(cell, "roles", {
      id: newId("role"),
      organization_id: cell.world.teams[cell.column].organization.id,
      name: unique("role"),
    }),

  async role_permission(cell) {
    const role_id = await made(OBJECTS.role?.(cell));
    const { environment_id } = environmentOf(cell);
    const permission = await cell.world.guildhall
      .db("permissions")
      .where({ environment_id, name: "organization:read" })
      .first("id");
    return insert(cell, "role_permissions", { id: newId("roleperm"), role_id, permission_id: permission.id });
  },

  async permission(cell) {
    if (cell.column === "foreign") return undefined;
    if (cell.column === "deleted") return newId("perm");
    return insert(cell, "permissions", { id: newId("perm"), name: permissionName() });
  },

  async user({ world, column }) {
    const person = await personIn(world, column);
    const { id, environment_id } = person.user;
    if (column === "deleted") await deleteUser(world.guildhall.context, { id, environment_id }, SYSTEM);
    else await join(world.guildhall, world.teams[column].organization, person, "member");
    return id;
  },

  async session(cell) {
    const { context, db } = cell.world.guildhall;
    const { id: user_id, environment_id } = whose(cell).user;
    const { session } = await createSession(context, { environment_id, user_id }, SYSTEM);
    if (cell.column === "deleted") await db("sessions").where({ id: session.id }).delete();
    return session.id;
  },

  /** Of a role without permissions, so that nobody gains any. */
  async user_role(cell) {
    if (cell.column === "deleted") return newId("userrole");
    const role_id = await insert(cell, "roles", { id: newId("role"), name: unique("greeter") });
    return insert(cell, "user_roles", { id: newId("userrole"), user_id: whose(cell).user.id, role_id });
  },

  event: (cell) =>
    insert(cell, "events", {
      id: newId("evt"),
      type: "organization.updated",
      actor_kind: "operator",
      organization_id: cell.world.teams[cell.column].organization.id,
      subject_id: cell.world.teams[cell.column].organization.id,
    }),

  async organization_deletion(cell) {
    if (cell.column === "deleted") return newId("del");
    const row = { organization_id: newId("org"), organization_name: "Gone", planned: {} };
    return insert(cell, "organization_deletions", {
      id: newId("del"),
      ...row,
      requested_by_user_id: whose(cell).user.id,
    });
  },

  async suppression(cell) {
    if (cell.column === "foreign") return undefined;
    if (cell.column === "deleted") return newId("sup");
    const row = { email_canonical: uniqueEmail(), reason: "bounced" };
    return insert(cell, "suppressions", { id: newId("sup"), ...row });
  },

  async api_client(cell) {
    if (cell.column === "foreign") return undefined;
    if (cell.column === "deleted") return newId("client");
    const secret_hash = hashToken(randomToken());
    return insert(cell, "api_clients", {
      id: newId("client"),
      name: "sync",
      secret_hash,
      scopes: ["users:read"],
    });
  },

  async environment({ world: { guildhall }, column }) {
    if (column === "deleted") return newId("env");
    if (column !== "own") return undefined;
    const row = { id: newId("env"), handle: unique("tenant"), name: "Tenant", settings: {} };
    await guildhall.db("environments").insert(row);
    return row.id;
  },
};

function environmentOf({ world, column }: Cell) {
  return world.teams[column].organization;
}

export function personIn({ guildhall }: World, column: Column): Promise<Person> {
  return buildPerson(guildhall, { environment: column === "otherEnvironment" ? "globex" : "acme-test" });
}

/** Who owns a personal object: in the first column the caller, if they are a person. */
function whose({ world: { people, teams }, column, caller }: Cell): Person {
  if (column === "foreign") return people.otherOwner;
  if (column === "otherEnvironment") return people.elsewhere;
  return caller in people ? people[caller as keyof typeof people] : teams.own.fellow;
}

async function insert(
  cell: Cell,
  table: string,
  row: { id: string; [column: string]: unknown },
): Promise<string> {
  await cell.world.guildhall.db(table).insert({ environment_id: environmentOf(cell).environment_id, ...row });
  return row.id;
}

async function made(id: Promise<string | undefined> | undefined): Promise<string> {
  const value = await id;
  if (value === undefined) throw new Error("nothing was made");
  return value;
}

/** Names of permissions have no digits. */
export function permissionName(): string {
  const letters = [...randomBytes(12)].map((byte) => String.fromCharCode(97 + (byte % 26)));
  return `thing:${letters.join("")}`;
}
