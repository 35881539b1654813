import type { Endpoint } from "../../src/http/endpoint.ts";
import { resourceTypes } from "../../src/management/all-resources.ts";
import { buildPerson, roleId, unique, uniqueEmail } from "../support/builders.ts";
import { type Cell, permissionName, personIn } from "./objects.ts";

/** The object of a request that writes, and its body. Other requests have no body, and their path names the object. */
interface Writing {
  /** The type of the object that decides who may call, if there is one. */
  about?: string;
  body(cell: Cell, id: string): object | undefined | Promise<object>;
}

/** @returns the type of the endpoint's object; undefined if every caller asks for the same. */
export function subjectOf({ method, path }: Endpoint): string | undefined {
  const writing = WRITING[`${method} ${path}`];
  if (writing !== undefined) return writing.about;
  const collection = path.replace(/^\/api\//, "/").split("/")[1];
  const type = resourceTypes.find((known) => known.path === collection)?.type;
  return path.includes(":id") ? type : undefined;
}

export async function bodyFor(
  { method, path }: Endpoint,
  cell: Cell,
  id: string,
): Promise<object | undefined> {
  return WRITING[`${method} ${path}`]?.body(cell, id);
}

/** The path with the object's id, and with the filters that limit a list to it. */
export function urlFor({ method, path }: Endpoint, id: string): string {
  return path.replace(":id", id) + (FILTERS[`${method} ${path}`]?.(id) ?? "");
}

const FILTERS: Record<string, (id: string) => string> = {
  "POST /api/invitations/resend": (id) => `?filter[organization]=${id}`,
  "POST /api/suppressions/lift": () => "?filter[reason]=bounced",
};

const WRITING: Record<string, Writing> = {
  "POST /api/invitations/resend": { about: "organization", body: () => undefined },
  "POST /api/environments": creating("environment", () => ({ handle: unique("tenant"), name: "Tenant" })),
  "PATCH /api/environments/:id": changing("environment", { name: "Other" }),
  "POST /api/api-clients": creating("api_client", () => ({ name: "sync", scopes: ["users:read"] })),
  "PATCH /api/api-clients/:id": changing("api_client", { name: "Other" }),
  "POST /api/users": creating("user", () => ({ email: uniqueEmail() })),
  "PATCH /api/users/:id": changing("user", { first_name: "Grace" }),
  "POST /api/permissions": creating("permission", () => ({ name: permissionName() })),
  "POST /api/suppressions": creating("suppression", () => ({ email: uniqueEmail(), reason: "bounced" })),
  "PATCH /api/permissions/:id": changing("permission", { description: "Other" }),
  "POST /api/organizations": creating("organization", () => ({ name: "Acme" })),
  "PATCH /api/organizations/:id": changing("organization", { tax_id: "DE 1" }),
  "PATCH /api/memberships/:id": changing("membership", { metadata: { desk: 5 } }),
  "PATCH /api/memberships/:id/relationships/roles": {
    about: "membership",
    body: async (cell) => ({ data: [{ type: "role", id: await billing(cell) }] }),
  },
  "PATCH /api/invitations/:id": changing("invitation", { locale: "de" }),
  "PATCH /api/roles/:id": changing("role", { description: "Other" }),

  "POST /api/roles": linking("role", "organization", () => ({ name: unique("role") })),
  "POST /api/invitations": linking("invitation", "organization", () => ({ email: uniqueEmail() })),
  "POST /api/invitation-batches": linking("invitation_batch", "organization", () => ({
    rows: [{ email: uniqueEmail() }, { email: "none" }],
  })),
  "POST /api/sessions": linking("session", "user"),
  "POST /api/memberships": linking("membership", "organization", undefined, {
    user: async ({ world }) => (await personIn(world, "own")).user.id,
  }),
  "POST /api/membership-roles": linking("membership_role", "membership", undefined, { role: billing }),
  "POST /api/user-roles": linking("user_role", "user", undefined, { role: billing }),
  "POST /api/role-permissions": linking("role_permission", "role", undefined, {
    async permission({ world: { guildhall, people } }) {
      const { environment_id } = people.owner.user;
      return (await guildhall.db("permissions").where({ environment_id, name: "members:read" }).first("id"))
        .id;
    },
  }),

  "POST /api/organizations/:id/transfer-ownership": {
    about: "organization",
    /** To the newest member, who isn't the owner. */
    async body({ world }, id) {
      const last = await world.guildhall
        .db("memberships")
        .where({ organization_id: id })
        .orderBy("id", "desc")
        .first("user_id");
      return { meta: { user_id: last.user_id } };
    },
  },
  "DELETE /api/invitations/:id": {
    about: "invitation",
    /** It has no body, and needs a closed invitation. */
    async body({ world }, id) {
      const over = { status: "revoked", revoked_at: world.guildhall.db.fn.now() };
      await world.guildhall.db("invitations").where({ id }).update(over);
      return {};
    },
  },
  "POST /api/invitations/:id/accept": answering(),
  "POST /api/invitations/:id/decline": answering(),
  "POST /invitations/:id/accept": answering(),
  "POST /invitations/:id/decline": answering(),
};

function creating(type: string, attributes: () => object): Writing {
  return { body: () => ({ data: { type, attributes: attributes() } }) };
}

function changing(type: string, attributes: object): Writing {
  return { about: type, body: (_, id) => ({ data: { type, id, attributes } }) };
}

/**
 * Creates what belongs to the object. @param others further ids to link to, by relationship, which has its type's
 * name.
 */
function linking(
  type: string,
  about: string,
  attributes: () => object = () => ({}),
  others: Record<string, (cell: Cell) => Promise<string>> = {},
): Writing {
  return {
    about,
    async body(cell, id) {
      const relationships: Record<string, object> = { [about]: { data: { type: about, id } } };
      for (const [name, find] of Object.entries(others)) {
        relationships[name] = { data: { type: name, id: await find(cell) } };
      }
      return { data: { type, attributes: attributes(), relationships } };
    },
  };
}

/** Programs name the user of the invited address; people answer for themselves. */
function answering(): Writing {
  const programs = ["operator", "clientWithScope", "clientWithoutScope", "otherClient"];
  return {
    about: "invitation",
    async body({ world: { guildhall }, caller }, id) {
      if (!programs.includes(caller)) return undefined;
      const { db } = guildhall;
      const { environment_id, email } = await db("invitations").where({ id }).first();
      const { handle } = await db("environments").where({ id: environment_id }).first("handle");
      const existing = await db("users").where({ environment_id, email }).first("id");
      const user = existing ?? (await buildPerson(guildhall, { email, environment: handle })).user;
      return { meta: { user_id: user.id } };
    },
  };
}

function billing({ world: { guildhall, people } }: Cell): Promise<string> {
  return roleId(guildhall, people.owner.user.environment_id, "billing");
}
