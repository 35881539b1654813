import { beforeEach, describe, expect, test } from "vitest";
import { detachOrganization } from "../src/organizations/detach-organization.ts";
import type { Api } from "./support/api.ts";
import {
  ADDRESSES,
  buildTeam,
  CUSTOMERS,
  create,
  idsOf,
  KINDS,
  type Kind,
  no,
  PAYMENT_METHODS,
  PAYMENTS,
  SUBSCRIPTIONS,
  type Team,
} from "./support/bridge-team.ts";
import type { Person } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();
let team: Team;
let owner: Api;
let billing: Api;
let organization_id: string;

beforeEach(async () => {
  team = await buildTeam(guildhall);
  [owner, billing] = [as(team.owner), as(team.billing)];
  organization_id = team.organization.id;
});

const as = ({ token }: Person): Api => guildhall.api.as(token);
const eventsOf = (subject_id: string) => guildhall.db("events").where({ subject_id }).orderBy("id");

describe("an event records", () => {
  const nameOf = ({ path }: Kind) =>
    path
      .split("/")[2]
      ?.replace(/(e?s)$/, (s) => (path.endsWith("addresses") ? "" : s === "es" ? "e" : ""))
      .replace("-", "_") ?? "";

  /** The events of a resource: what happened, whose it was, and who did it. */
  async function expectEvents(
    id: string,
    types: string[],
    owned: string | null,
    actor: Person,
  ): Promise<void> {
    const events = await eventsOf(id);
    expect(events.map(({ type }) => type)).toEqual(types);
    for (const event of events)
      expect(event).toMatchObject({
        environment_id: team.organization.environment_id,
        organization_id: owned,
        actor_kind: "user",
        actor_user_id: actor.user.id,
        request_id: expect.stringMatching(/^[\da-f-]{36}$/),
      });
  }

  test.each(KINDS)("the creation, change and deletion of $name, with actor and owner", async (kind) => {
    for (const owned of [organization_id, null]) {
      const { id } = await create(billing, kind, { organization_id: owned });
      await billing.put(`${kind.intents}/${id}`, kind.change);
      const name = nameOf(kind);
      const types = [`${name}.created`, `${name}.updated`];
      if (kind.deletable) {
        await billing.delete(`${kind.path}/${id}`);
        types.push(`${name}.deleted`);
      }
      await expectEvents(id, types, owned, team.billing);
      const [, updated] = await eventsOf(id);
      expect(updated.data).toEqual({ changed: Object.keys(kind.change) });
    }
  });

  test("every other action on a resource", async () => {
    const at = { organization_id };
    const method = await create(billing, PAYMENT_METHODS, at);
    await billing.post(`${PAYMENT_METHODS.path}/${method.id}/set-default`);
    await billing.patch(`${PAYMENT_METHODS.path}/${method.id}/billing-address`, { billing_address_id: null });
    const was = "payment_method.updated";
    await expectEvents(method.id, ["payment_method.created", was, was], organization_id, team.billing);
    const subscription = await create(billing, SUBSCRIPTIONS, at);
    await billing.post(`${SUBSCRIPTIONS.path}/${subscription.id}/cancel`);
    const types = ["subscription.created", "subscription.canceled"];
    await expectEvents(subscription.id, types, organization_id, team.billing);
    const payment = await create(billing, PAYMENTS, { ...at, payment_method_id: method.id });
    await billing.post(`${PAYMENTS.intents}/${payment.id}/confirm`);
    await expectEvents(payment.id, ["payment.created", "payment.confirmed"], organization_id, team.billing);
  });

  test("the request that did it, and no refused request", async () => {
    const answer = await owner.post(CUSTOMERS.path, CUSTOMERS.least());
    const [event] = await eventsOf(answer.body.data.id);
    expect(event.request_id).toBe(answer.headers.get("X-Request-Id"));
    const count = async () => Number((await guildhall.db("events").count())[0]?.count);
    const before = await count();
    await owner.put(`${CUSTOMERS.path}/${answer.body.data.id}`, { email: "no address" });
    await billing.delete(`${CUSTOMERS.path}/${answer.body.data.id}`);
    await owner.post(PAYMENTS.intents, { ...PAYMENTS.least(), customer_id: "cust_none" });
    expect(await count()).toBe(before);
  });

  test("neither a payment method's token nor other values", async () => {
    const token = "tok_never_in_an_event";
    const secret = "never-in-an-event-either";
    const values = { card_token: token, alias: secret, metadata: { secret } };
    const { id } = await create(owner, PAYMENT_METHODS, { ...values, organization_id });
    await owner.put(`${PAYMENT_METHODS.path}/${id}`, { alias: secret, metadata: { secret } });
    await owner.delete(`${PAYMENT_METHODS.path}/${id}`);
    const written = JSON.stringify(await eventsOf(id));
    expect(written).toContain("payment_method.deleted");
    for (const text of [token, secret]) expect(written).not.toContain(text);
  });
});

describe("deleting a user", () => {
  test.each(KINDS)("is refused while $name of theirs exists: 409 has_resources", async (kind) => {
    for (const [person, owned] of [
      [team.billing, organization_id],
      [team.outsider, null],
    ] as const) {
      const { id } = await create(as(person), kind, { organization_id: owned });
      const answer = await guildhall.api.delete(`/api/users/${person.user.id}`);
      expect(answer).toMatchObject(refusal(409, "has_resources"));
      expect(answer.body.errors[0].detail).toContain(id);
      if (!kind.deletable) continue;
      await as(person).delete(`${kind.path}/${id}`);
      expect(await guildhall.api.delete(`/api/users/${person.user.id}`)).toMatchObject({ status: 204 });
    }
  });
});

describe("once an organization's deletion has begun", () => {
  const begin = () => owner.delete(`/bridge-payment/organizations/${organization_id}`);
  const finish = async () => {
    const { id } = await guildhall.db("organization_deletions").where({ organization_id }).first();
    await detachOrganization(guildhall.db, id, () => false);
  };

  test.each(KINDS)("$name belongs to its creator alone, before any job ran", async (kind) => {
    const { id } = await create(billing, kind, { organization_id });
    expect((await begin()).status).toBe(200);
    const { body } = await billing.get(`${kind.path}/${id}`);
    expect(body.data).toMatchObject({ id, user_id: team.billing.user.id, organization_id: null });
    expect(idsOf(await billing.get(kind.path))).toEqual([id]);
    for (const api of [owner, as(team.member), as(team.outsider)]) {
      expect(await api.get(`${kind.path}/${id}`)).toMatchObject(no(404, "not_found"));
      expect(idsOf(await api.get(kind.path))).toEqual([]);
      expect(await api.put(`${kind.intents}/${id}`, kind.change)).toMatchObject(no(404, "not_found"));
    }
    expect(await billing.get(`${kind.path}?organization_id=${organization_id}`)).toMatchObject(
      no(403, "forbidden"),
    );
    expect(await billing.post(kind.intents, { ...kind.least(), organization_id })).toMatchObject(
      no(403, "forbidden"),
    );

    const changed = await billing.put(`${kind.intents}/${id}`, kind.change);
    expect(changed).toMatchObject({ status: 200, body: { data: { organization_id: null, ...kind.change } } });
    await finish();
    const after = (await billing.get(`${kind.path}/${id}`)).body.data;
    expect({ ...after, updated_at: "" }).toEqual({ ...changed.body.data, updated_at: "" });
    expect(await owner.get(`${kind.path}/${id}`)).toMatchObject(no(404, "not_found"));
  });

  test("a creator's shared and own resources can be linked to each other", async () => {
    const { id: customer_id } = await create(billing, CUSTOMERS, { organization_id });
    const { id: foreign } = await create(owner, CUSTOMERS, { organization_id });
    await begin();
    expect(await create(billing, PAYMENTS, { customer_id })).toMatchObject({ customer_id });
    expect(await billing.post(PAYMENTS.intents, { ...PAYMENTS.least(), customer_id: foreign })).toMatchObject(
      no(422, "foreign_link", "customer_id"),
    );
  });

  test("nobody can pay with what another member shared: 422", async () => {
    const { id: payment_method_id } = await create(owner, PAYMENT_METHODS, { organization_id });
    const { id } = await create(billing, PAYMENTS, { organization_id, payment_method_id });
    await begin();
    const confirm = () => billing.post(`${PAYMENTS.intents}/${id}/confirm`);
    const foreign = no(422, "foreign_link", "payment_method_id");
    expect(await confirm()).toMatchObject(foreign);
    await finish();
    expect(await confirm()).toMatchObject(foreign);
    const own = (await create(billing, PAYMENT_METHODS)).id;
    expect(await billing.post(`${PAYMENTS.intents}/${id}/confirm`, { payment_method_id: own })).toMatchObject(
      { status: 200 },
    );
  });

  test("a creator can delete a resource that another member's refers to", async () => {
    for (const [kind, field] of [
      [PAYMENT_METHODS, "payment_method_id"],
      [CUSTOMERS, "customer_id"],
    ] as const) {
      const { id } = await create(owner, kind, { organization_id });
      const theirs = await create(billing, SUBSCRIPTIONS, { organization_id, [field]: id });
      expect(await owner.delete(`${kind.path}/${id}`)).toMatchObject(no(409, "in_use"));
      await begin();
      expect(await owner.delete(`${kind.path}/${id}`)).toMatchObject({ status: 200 });
      expect((await billing.get(`${SUBSCRIPTIONS.path}/${theirs.id}`)).body.data[field]).toBeNull();
      team = await buildTeam(guildhall);
      [owner, billing, organization_id] = [as(team.owner), as(team.billing), team.organization.id];
    }
  });

  test.each([PAYMENT_METHODS, ADDRESSES])(
    "a creator can choose one default among shared and own: $name",
    async (kind) => {
      const shared = await create(billing, kind, { organization_id, is_default: true });
      await begin();
      const own = await create(billing, kind, { is_default: true });
      const defaults = async () =>
        (await billing.get(kind.path)).body.data
          .filter((one: { is_default: boolean }) => one.is_default)
          .map(({ id }: { id: string }) => id);
      expect(await defaults()).toEqual([own.id]);
      await finish();
      expect(await defaults()).toEqual([own.id]);
      expect(await billing.post(`${kind.path}/${shared.id}/set-default`)).toMatchObject({ status: 200 });
      expect(await defaults()).toEqual([shared.id]);
    },
  );
});
