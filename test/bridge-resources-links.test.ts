import { beforeEach, describe, expect, test } from "vitest";
import type { Api } from "./support/api.ts";
import {
  ADDRESSES,
  buildTeam,
  CUSTOMERS,
  create,
  type Kind,
  no,
  PAYMENT_METHODS,
  PAYMENTS,
  SUBSCRIPTIONS,
  type Team,
} from "./support/bridge-team.ts";
import { buildOrganization, buildPerson, type Person } from "./support/builders.ts";
import { checksum } from "./support/checksum.ts";
import { useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();
let team: Team;
let owner: Api;
let organization_id: string;

beforeEach(async () => {
  team = await buildTeam(guildhall);
  owner = as(team.owner);
  organization_id = team.organization.id;
});

const as = ({ token }: Person): Api => guildhall.api.as(token);

/** What can be linked: from what, by which field, to what. */
const LINKS: Array<[from: Kind, field: string, to: Kind]> = [
  [SUBSCRIPTIONS, "customer_id", CUSTOMERS],
  [SUBSCRIPTIONS, "payment_method_id", PAYMENT_METHODS],
  [SUBSCRIPTIONS, "billing_address_id", ADDRESSES],
  [PAYMENT_METHODS, "customer_id", CUSTOMERS],
  [PAYMENT_METHODS, "billing_address_id", ADDRESSES],
  [PAYMENTS, "customer_id", CUSTOMERS],
  [PAYMENTS, "payment_method_id", PAYMENT_METHODS],
];

/** The ways to change a link of an existing resource. */
const CHANGES: Array<[from: Kind, field: string, to: Kind, method: "put" | "patch" | "post", below: string]> =
  [
    [SUBSCRIPTIONS, "payment_method_id", PAYMENT_METHODS, "put", ""],
    [SUBSCRIPTIONS, "billing_address_id", ADDRESSES, "put", ""],
    [SUBSCRIPTIONS, "billing_address_id", ADDRESSES, "patch", "/billing-address"],
    [PAYMENT_METHODS, "billing_address_id", ADDRESSES, "put", ""],
    [PAYMENT_METHODS, "billing_address_id", ADDRESSES, "patch", "/billing-address"],
    [PAYMENTS, "customer_id", CUSTOMERS, "put", ""],
    [PAYMENTS, "payment_method_id", PAYMENT_METHODS, "post", "/confirm"],
  ];

/** Ids of other owners; nobody has the last two. */
async function foreignTo(kind: Kind): Promise<string[]> {
  const elsewhere = await buildOrganization(guildhall, team.owner);
  const globex = await buildPerson(guildhall, { environment: "globex" });
  const made = [
    await create(owner, kind),
    await create(owner, kind, { organization_id: elsewhere.id }),
    await create(as(team.billing), kind),
    await create(guildhall.api.in("globex").as(globex.token), kind),
  ];
  const [{ id }] = made;
  return [...made.map((one) => one.id), `${id.split("_")[0]}_01h2xcejqtf2nbrexx3vqjhp41`, ""];
}

describe.each(LINKS)("linking $name by $1", (from, field, to) => {
  test("takes one of the same owner, or null for none", async () => {
    for (const owned of [{ organization_id }, {}]) {
      const { id } = await create(owner, to, owned);
      expect(await create(owner, from, { ...owned, [field]: id })).toMatchObject({ [field]: id });
    }
    expect(await create(owner, from, { [field]: null })).toMatchObject({ [field]: null });
  });

  test("in an organization refuses other owners' resources by name", async () => {
    const before = await foreignTo(to).then(async (ids) => ({ ids, sum: await checksum(guildhall.db) }));
    const sentences = new Set<string>();
    for (const id of before.ids) {
      const answer = await owner.post(from.intents, { ...from.least(), organization_id, [field]: id });
      expect(answer, id).toMatchObject(no(422, "foreign_link", field));
      sentences.add(answer.body.error);
      if (id !== "") expect(JSON.stringify(answer.body)).not.toContain(id);
    }
    expect([...sentences]).toEqual([
      expect.stringMatching(new RegExp(`^${field}: .* belongs to the organization\\.$`)),
    ]);
    expect(await checksum(guildhall.db)).toBe(before.sum);
  });

  test("outside organizations refuses an organization's resources", async () => {
    const ids = [
      (await create(owner, to, { organization_id })).id,
      (await create(as(team.outsider), to)).id,
      "nonsense",
    ];
    for (const id of ids) {
      const answer = await owner.post(from.intents, { ...from.least(), [field]: id });
      expect(answer).toMatchObject(no(422, "foreign_link", field));
      expect(answer.body.error).toMatch(/belongs to you\.$/);
    }
  });

  test("refuses anything of another kind and anything but text", async () => {
    const other = to === CUSTOMERS ? ADDRESSES : CUSTOMERS;
    const { id } = await create(owner, other);
    expect(await owner.post(from.intents, { ...from.least(), [field]: id })).toMatchObject(
      no(422, "foreign_link", field),
    );
    for (const value of [1, true, [], {}, [id], "x".repeat(65)])
      expect(await owner.post(from.intents, { ...from.least(), [field]: value })).toMatchObject(
        no(422, "invalid_field", field),
      );
  });
});

describe.each(CHANGES)("changing $name by $1, with $3 $4", (from, field, to, method, below) => {
  const change = (id: string, value: unknown) =>
    owner[method](`${from.intents}/${id}${below}`, { [field]: value });

  test("only accepts a resource of the same owner", async () => {
    const { id } = await create(owner, from, { organization_id });
    for (const foreign of await foreignTo(to))
      expect(await change(id, foreign), foreign).toMatchObject(no(422, "foreign_link", field));
    const linked = (await create(owner, to, { organization_id })).id;
    expect(await change(id, linked)).toMatchObject({ status: 200, body: { data: { id, [field]: linked } } });
  });
});

const UNLINKING = CHANGES.filter(([, , , method]) => method !== "post");

describe.each(UNLINKING)("the link of $name by $1, with $3 $4", (from, field, to, method, below) => {
  const change = (id: string, value: unknown) =>
    owner[method](`${from.intents}/${id}${below}`, { [field]: value });

  test("is cleared by null and unchanged if left out", async () => {
    const { id: linked } = await create(owner, to);
    const { id } = await create(owner, from, { [field]: linked });
    expect(await owner.put(`${from.intents}/${id}`, { metadata: { a: 1 } })).toMatchObject({
      body: { data: { [field]: linked } },
    });
    expect(await change(id, null)).toMatchObject({ status: 200, body: { data: { [field]: null } } });
    expect(await owner.get(`${from.path}/${id}`)).toMatchObject({ body: { data: { [field]: null } } });
  });
});

test("a change of the billing address must name it: an empty one is refused", async () => {
  for (const kind of [SUBSCRIPTIONS, PAYMENT_METHODS]) {
    const { id } = await create(owner, kind);
    expect(await owner.patch(`${kind.path}/${id}/billing-address`, {})).toMatchObject(
      no(422, "invalid_field", "billing_address_id"),
    );
  }
});

describe("deleting a linked resource", () => {
  const used = no(409, "in_use");

  test.each([
    [CUSTOMERS, "customer_id"],
    [PAYMENT_METHODS, "payment_method_id"],
  ])("waits until its subscription is canceled: $name", async (kind, field) => {
    const { id } = await create(owner, kind);
    const subscription = await create(owner, SUBSCRIPTIONS, { [field]: id });
    expect(await owner.delete(`${kind.path}/${id}`)).toMatchObject(used);
    await owner.post(`${SUBSCRIPTIONS.path}/${subscription.id}/cancel`);
    expect(await owner.delete(`${kind.path}/${id}`)).toMatchObject(used);
    await owner.post(`${SUBSCRIPTIONS.path}/${subscription.id}/cancel`, { cancel_at_period_end: false });
    expect(await owner.delete(`${kind.path}/${id}`)).toMatchObject({
      status: 200,
      body: { success: true },
    });
    expect(await owner.get(`${SUBSCRIPTIONS.path}/${subscription.id}`)).toMatchObject({
      body: { data: { [field]: null, status: "canceled" } },
    });
  });

  test.each([
    [CUSTOMERS, "customer_id"],
    [PAYMENT_METHODS, "payment_method_id"],
  ])("waits until its open payment is over: $name", async (kind, field) => {
    const { id } = await create(owner, kind);
    const { id: payment } = await create(owner, PAYMENTS, { [field]: id });
    for (const status of [null, "requires_action", "processing"]) {
      if (status !== null) await guildhall.api.post(`${PAYMENTS.intents}/${payment}/sync`, { status });
      expect(await owner.delete(`${kind.path}/${id}`), String(status)).toMatchObject(used);
    }
    await guildhall.api.post(`${PAYMENTS.intents}/${payment}/sync`, { status: "succeeded" });
    expect(await owner.delete(`${kind.path}/${id}`)).toMatchObject({ status: 200 });
    expect(await owner.get(`${PAYMENTS.path}/${payment}`)).toMatchObject({
      body: { data: { [field]: null, status: "succeeded" } },
    });
  });

  test("that nothing needs sets the references to null", async () => {
    const { id: billing_address_id } = await create(owner, ADDRESSES);
    const { id: customer_id } = await create(owner, CUSTOMERS);
    const { id: method } = await create(owner, PAYMENT_METHODS, { billing_address_id, customer_id });
    const { id: subscription } = await create(owner, SUBSCRIPTIONS, { billing_address_id });
    for (const path of [`${ADDRESSES.path}/${billing_address_id}`, `${CUSTOMERS.path}/${customer_id}`]) {
      expect(await owner.delete(path)).toMatchObject({ status: 200 });
      expect(await owner.delete(path)).toMatchObject(no(404, "not_found"));
    }
    expect((await owner.get(`${PAYMENT_METHODS.path}/${method}`)).body.data).toMatchObject({
      billing_address_id: null,
      customer_id: null,
    });
    expect(
      (await owner.get(`${SUBSCRIPTIONS.path}/${subscription}`)).body.data.billing_address_id,
    ).toBeNull();
  });

  test("while many link to it leaves no reference to nothing", async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id } = await create(owner, CUSTOMERS);
      const linking = Array.from({ length: 8 }, () =>
        owner.post(SUBSCRIPTIONS.intents, { ...SUBSCRIPTIONS.least(), customer_id: id }),
      );
      const [deleted, ...linked] = await Promise.all([owner.delete(`${CUSTOMERS.path}/${id}`), ...linking]);
      const made = linked.filter(({ status }) => status === 201);
      for (const { status } of linked) expect([201, 422]).toContain(status);
      expect(deleted.status).toBe(made.length === 0 ? 200 : 409);
      expect(await guildhall.db("subscriptions").where({ customer_id: id })).toHaveLength(made.length);
    }
  });
});
