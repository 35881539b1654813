import type { Endpoint } from "../../src/http/endpoint.ts";
import { buildTeam, type Team, type World } from "../authorization-matrix/world.ts";
import type { Api } from "../support/api.ts";
import { buildPerson } from "../support/builders.ts";
import type { Caller } from "./table.ts";

/** Who owns the object: the organization, or a person. */
export type Column = "shared" | "personal";

export interface Cell {
  world: World;
  team: Team;
  column: Column;
  caller: Caller;
}

/** The request: the path filled in, and the body. */
export interface Request {
  url: string;
  body: object | undefined;
}

/** The smallest body that makes one, by its list's path. */
const LEAST: Record<string, object> = {
  "/subscriptions": { total_cents: 4_990 },
  "/payment-methods": { type: "card", provider_payment_method_token: "pm_1" },
  "/addresses": { line1: "1 Analytical Row", city: "London", country: "GB" },
  "/customers": { email: "office@acme.example" },
  "/payments/intents": { total_cents: 4_990 },
};

/** Asks for an object made for this cell alone, unless it is only read. */
export async function requestFor({ method, path }: Endpoint, cell: Cell): Promise<Request> {
  const route = path.replace("/bridge-payment", "");
  const isOrganization = route.startsWith("/organizations");
  const list = route.split("/:id")[0] ?? "";
  if (isOrganization) return organizationRequest(route, method, cell);
  const { id: organization_id } = cell.team.organization;
  const whose = cell.column === "shared" ? { organization_id } : {};
  if (!route.includes(":id")) {
    const query = cell.column === "shared" ? `?organization_id=${organization_id}` : "";
    return method === "GET"
      ? { url: path + query, body: undefined }
      : { url: path, body: { ...LEAST[list], ...whose } };
  }
  const id = await makeOne(list === "/payments" ? "/payments/intents" : list, cell);
  return { url: path.replace(":id", id), body: bodyFor(route, method, cell) };
}

async function organizationRequest(route: string, method: string, cell: Cell): Promise<Request> {
  const { world, team } = cell;
  // Leaving, removing, transferring or deleting changes it for the next caller.
  const { organization, fellow } =
    method === "GET" && !route.endsWith("/deletion")
      ? team
      : await buildTeam(world.guildhall, world.people, "own");
  const bodies: Record<string, () => Promise<object> | object> = {
    "POST /organizations": () => ({ name: "Acme" }),
    "PUT /organizations/:id": () => ({ name: "Acme" }),
    "POST /organizations/:id/transfer-ownership": () => ({ user_id: fellow.user.id }),
    "POST /organizations/:id/members": async () => ({
      email: (await buildPerson(world.guildhall)).user.email,
    }),
    "PUT /organizations/:id/members/:member_id": () => ({ role: "member" }),
  };
  const whose = { organization_id: organization.id, user_id: fellow.user.id };
  const { id: memberId } = await world.guildhall.db("memberships").where(whose).first("id");
  const url = `/bridge-payment${route.replace(":member_id", memberId).replace(":id", organization.id)}`;
  if (route.endsWith("/deletion"))
    await (await world.speakAs("owner", undefined)).delete(url.replace("/deletion", ""));
  return { url, body: await bodies[`${method} ${route}`]?.() };
}

/** Made by the organization's owner for it, or by a fellow member for themselves. */
async function makeOne(list: string, { world, team, column }: Cell): Promise<string> {
  const shared = { organization_id: team.organization.id };
  const [api, whose] =
    column === "shared"
      ? ([await world.speakAs("owner", undefined), shared] as const)
      : ([world.guildhall.api.as(team.fellow.token), {}] as const);
  const paidWith =
    list === "/payments/intents" ? { payment_method_id: await create(api, "/payment-methods", whose) } : {};
  return create(api, list, { ...whose, ...paidWith });
}

async function create(api: Api, list: string, values: object): Promise<string> {
  const { status, body } = await api.post(`/bridge-payment${list}`, { ...LEAST[list], ...values });
  if (status !== 201) throw new Error(`${list}: ${status} ${JSON.stringify(body)}`);
  return body.data.id;
}

function bodyFor(route: string, method: string, { caller }: Cell): object | undefined {
  if (method === "PUT") return { metadata: { asked: true } };
  if (route.endsWith("/billing-address")) return { billing_address_id: null };
  if (route === "/subscriptions/:id/sync") return { status: "active" };
  const isProgram = caller === "operator" || caller.startsWith("client");
  return route.endsWith("/sync") && isProgram ? { status: "processing" } : undefined;
}
