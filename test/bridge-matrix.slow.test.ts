import { describe, expect, test } from "vitest";
import type { MemberManagement } from "../src/models/organization.ts";
import type { Api, ApiAnswer } from "./support/api.ts";
import { buildPerson, unique, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { buildTeammates, type Teammates } from "./support/teammates.ts";

const guildhall = useGuildhall();

const CALLERS = ["owner", "admin", "billing", "member", "outsider", "anonymous"] as const;

/** The answer to each of the callers, in their order. */
type Statuses = [number, number, number, number, number, number];

/** The guide's Permission Matrix. An outsider gets 403 for an organization they name, and 404 for a resource's id. */
const MANAGE: Statuses = [200, 200, 200, 403, 404, 401];
const CREATE: Statuses = [201, 201, 201, 403, 403, 401];
const VIEW: Statuses = [200, 200, 200, 200, 404, 401];
const LIST: Statuses = [200, 200, 200, 200, 403, 401];

/** One request by a caller. @param id of its object, made for this cell alone. */
type Act = (api: Api, id: string, team: Teammates) => Promise<ApiAnswer>;
type Row = [action: string, expected: Statuses, act: Act];

const money = { total_cents: 10_000, currency: "USD" };
const address = { country: "US", line1: "123 Business St", city: "San Francisco" };
const card = () => ({ type: "card", card_token: unique("tok") });

/** For each kind of resource: the smallest body, and every request about one. */
const RESOURCES: Record<string, { create: string; table: string; values: () => object; rows: Row[] }> = {
  payments: {
    create: "/bridge-payment/payments/intents",
    table: "payments",
    values: () => money,
    rows: [
      ["view one", VIEW, (api, id) => api.get(`/bridge-payment/payments/${id}`)],
      [
        "change",
        MANAGE,
        (api, id) => api.put(`/bridge-payment/payments/intents/${id}`, { description: "x" }),
      ],
      ["confirm", MANAGE, confirm],
      ["see what is recorded", MANAGE, (api, id) => api.post(`/bridge-payment/payments/intents/${id}/sync`)],
    ],
  },
  customers: {
    create: "/bridge-payment/customers",
    table: "customers",
    values: () => ({ email: uniqueEmail() }),
    rows: [
      ["view one", VIEW, (api, id) => api.get(`/bridge-payment/customers/${id}`)],
      ["change", MANAGE, (api, id) => api.put(`/bridge-payment/customers/${id}`, { name: "Jane" })],
      ["delete", MANAGE, (api, id) => api.delete(`/bridge-payment/customers/${id}`)],
    ],
  },
  subscriptions: {
    create: "/bridge-payment/subscriptions",
    table: "subscriptions",
    values: () => money,
    rows: [
      ["view one", VIEW, (api, id) => api.get(`/bridge-payment/subscriptions/${id}`)],
      ["change", MANAGE, (api, id) => api.put(`/bridge-payment/subscriptions/${id}`, { metadata: { a: 1 } })],
      ["bill elsewhere", MANAGE, (api, id) => unlink(api, `/bridge-payment/subscriptions/${id}`)],
      ["cancel", MANAGE, (api, id) => api.post(`/bridge-payment/subscriptions/${id}/cancel`)],
    ],
  },
  "payment methods": {
    create: "/bridge-payment/payment-methods",
    table: "payment_methods",
    values: card,
    rows: [
      ["view one", VIEW, (api, id) => api.get(`/bridge-payment/payment-methods/${id}`)],
      ["change", MANAGE, (api, id) => api.put(`/bridge-payment/payment-methods/${id}`, { alias: "blue" })],
      ["bill elsewhere", MANAGE, (api, id) => unlink(api, `/bridge-payment/payment-methods/${id}`)],
      ["make default", MANAGE, (api, id) => api.post(`/bridge-payment/payment-methods/${id}/set-default`)],
      ["delete", MANAGE, (api, id) => api.delete(`/bridge-payment/payment-methods/${id}`)],
    ],
  },
  addresses: {
    create: "/bridge-payment/addresses",
    table: "addresses",
    values: () => address,
    rows: [
      ["view one", VIEW, (api, id) => api.get(`/bridge-payment/addresses/${id}`)],
      ["change", MANAGE, (api, id) => api.put(`/bridge-payment/addresses/${id}`, { line2: "Suite 100" })],
      ["make default", MANAGE, (api, id) => api.post(`/bridge-payment/addresses/${id}/set-default`)],
      ["delete", MANAGE, (api, id) => api.delete(`/bridge-payment/addresses/${id}`)],
    ],
  },
};

describe.each(Object.entries(RESOURCES))("the organization's %s", (_, { create, table, values, rows }) => {
  const list = create.replace(/\/intents$/, "");
  const all: Row[] = [
    ["create", CREATE, (api, __, team) => api.post(create, belongingTo(team, values()))],
    ["view all", LIST, (api, __, team) => api.get(`${list}?organization_id=${team.organization.id}`)],
    ...rows,
  ];

  test.each(all)("%s", async (__, expected, act) => {
    const team = await buildTeammates(guildhall);
    const subject = async () => {
      const { body } = await team.owner.api.post(create, belongingTo(team, values()));
      return body.data.id as string;
    };
    expect(await statusesOf(team, act, { table, subject })).toEqual(cells(expected));
  });
});

const OWNER_ONLY: Statuses = [200, 403, 403, 403, 403, 401];
const OWNER_AND_ADMIN: Statuses = [200, 200, 403, 403, 403, 401];
const created = (statuses: Statuses) => statuses.map((status) => (status === 200 ? 201 : status)) as Statuses;

/** The membership that a cell is about: a new member's. */
async function newMember(team: Teammates): Promise<string> {
  const { user } = await buildPerson(guildhall);
  const { body } = await team.owner.api.post(`${team.path}/members`, { email: user.email });
  return body.data.id;
}

describe.each<[MemberManagement, Statuses]>([
  ["owner", OWNER_ONLY],
  ["owner_and_admins", OWNER_AND_ADMIN],
])("the organization's members, managed by %s", (member_management, manage) => {
  const rows: Row[] = [
    ["view", LIST, (api, _, { path }) => api.get(`${path}/members`)],
    ["add", created(manage), add],
    ["change a role", manage, (api, id, { path }) => api.put(`${path}/members/${id}`, { role: "billing" })],
    ["remove", manage, (api, id, { path }) => api.delete(`${path}/members/${id}`)],
  ];
  test.each(rows)("%s", async (_, expected, act) => {
    const team = await buildTeammates(guildhall, { member_management });
    const subject = () => newMember(team);
    expect(await statusesOf(team, act, { table: "memberships", subject })).toEqual(cells(expected));
  });
});

describe("the organization itself", () => {
  const leave: Statuses = [400, 200, 200, 200, 403, 401];
  const rows: Row[] = [
    ["view", LIST, (api, _, { path }) => api.get(path)],
    ["update", OWNER_AND_ADMIN, (api, _, { path }) => api.put(path, { name: unique("Acme") })],
    ["preview its deletion", OWNER_ONLY, (api, _, { path }) => api.post(`${path}/deletion-preview`)],
    [
      "hand it on",
      OWNER_ONLY,
      (api, id, { path }) => api.post(`${path}/transfer-ownership`, { user_id: id }),
    ],
    ["leave", leave, (api, _, { path }) => api.post(`${path}/leave`)],
    ["delete", OWNER_ONLY, (api, _, { path }) => api.delete(path)],
  ];
  test.each(rows)("%s", async (_, expected, act) => {
    const actual: Record<string, number> = {};
    for (const caller of CALLERS) {
      const team = await buildTeammates(guildhall);
      const { api } = caller === "anonymous" ? { api: guildhall.api.as(null) } : team[caller];
      const before = await stateOf(team, "memberships");
      actual[caller] = (await act(api, team.member.user.id, team)).status;
      if (actual[caller] >= 400) expect(await stateOf(team, "memberships"), caller).toEqual(before);
    }
    expect(actual).toEqual(cells(expected));
  });
});

/** Lets every caller try it, each with an object of their own. A refusal has changed nothing. */
async function statusesOf(
  team: Teammates,
  act: Act,
  { table, subject }: { table: string; subject: () => Promise<string> },
): Promise<Record<string, number>> {
  const actual: Record<string, number> = {};
  for (const caller of CALLERS) {
    const { api } = caller === "anonymous" ? { api: guildhall.api.as(null) } : team[caller];
    const id = await subject();
    const before = await stateOf(team, table);
    const { status } = await act(api, id, team);
    actual[caller] = status;
    if (status >= 400) expect(await stateOf(team, table), caller).toEqual(before);
  }
  return actual;
}

async function stateOf({ organization: { id } }: Teammates, table: string) {
  const { db } = guildhall;
  const roles = db("membership_roles as mr").join("memberships as m", "m.id", "mr.membership_id");
  return {
    organization: await db("organizations").where({ id }),
    rows: await db(table).where({ organization_id: id }).orderBy("id"),
    roles: await roles.where({ "m.organization_id": id }).orderBy("mr.id").select("mr.*"),
  };
}

function cells(expected: Statuses): Record<string, number> {
  return Object.fromEntries(CALLERS.map((caller, n) => [caller, expected[n] ?? 0]));
}

function belongingTo({ organization }: Teammates, values: object): object {
  return { organization_id: organization.id, ...values };
}

async function add(api: Api, _: string, { path }: Teammates): Promise<ApiAnswer> {
  const { user } = await buildPerson(guildhall);
  return api.post(`${path}/members`, { email: user.email, role: "member" });
}

/** Needs a payment method of the organization. */
async function confirm(api: Api, id: string, team: Teammates): Promise<ApiAnswer> {
  const { body } = await team.owner.api.post("/bridge-payment/payment-methods", belongingTo(team, card()));
  const path = `/bridge-payment/payments/intents/${id}/confirm`;
  return api.post(path, { payment_method_id: body.data.id });
}

function unlink(api: Api, path: string): Promise<ApiAnswer> {
  return api.patch(`${path}/billing-address`, { billing_address_id: null });
}
