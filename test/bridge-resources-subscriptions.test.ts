import { beforeAll, describe, expect, test } from "vitest";
import type { Api } from "./support/api.ts";
import { create, idsOf, no, SUBSCRIPTIONS } from "./support/bridge-team.ts";
import { buildPerson } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

const PATH = SUBSCRIPTIONS.path;

const guildhall = useGuildhall();
let jane: Api;

beforeAll(async () => {
  jane = guildhall.api.as((await buildPerson(guildhall)).token);
});

const subscribe = (values: object = {}) => create(jane, SUBSCRIPTIONS, values);
const read = async (id: string) => (await jane.get(`${PATH}/${id}`)).body.data;

/** The days between two times. */
const days = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 86_400_000;

describe("a new subscription", () => {
  test("has its price, its interval and the paid period", async () => {
    const made = await subscribe({
      subtotal_cents: 10_000,
      tax_cents: 1_900,
      discount_cents: 900,
      total_cents: 11_000,
      currency: "eur",
      billing_interval: "yearly",
      interval_multiplier: 2,
      concept: "team-plan",
      description: "Team Plan Subscription",
      product_id: "prod_1",
      provider_id: "stripe",
      metadata: { seats: 5, nested: { a: [1, null, "x"] } },
    });
    expect(made).toMatchObject({
      status: "incomplete",
      subtotal_cents: 10_000,
      tax_cents: 1_900,
      discount_cents: 900,
      total_cents: 11_000,
      currency: "EUR",
      billing_interval: "yearly",
      interval_multiplier: 2,
      concept: "team-plan",
      description: "Team Plan Subscription",
      product_id: "prod_1",
      provider_id: "stripe",
      provider_subscription_id: null,
      metadata: { seats: 5, nested: { a: [1, null, "x"] } },
      trial_end: null,
      cancel_at_period_end: false,
      canceled_at: null,
    });
    expect(made.next_billing_date).toBe(made.current_period_end);
    expect(await read(made.id)).toEqual(made);
  });

  test("is monthly and in dollars by default", async () => {
    const made = await subscribe();
    expect(made).toMatchObject({ billing_interval: "monthly", interval_multiplier: 1, currency: "USD" });
  });

  test.each([
    ["daily", 1, 1, 1],
    ["weekly", 3, 21, 21],
    ["monthly", 1, 28, 31],
    ["monthly", 12, 365, 366],
    ["yearly", 2, 730, 731],
  ])(
    "%s, every %i: its first period lasts %i to %i days",
    async (billing_interval, interval_multiplier, least, most) => {
      const made = await subscribe({ billing_interval, interval_multiplier });
      const length = days(made.current_period_start, made.current_period_end);
      // An hour more or less where clocks change.
      expect(length).toBeGreaterThan(least - 0.05);
      expect(length).toBeLessThan(most + 0.05);
    },
  );

  test("with a trial is trialing, and the trial is its first period", async () => {
    const made = await subscribe({ trial_days: 14, billing_interval: "yearly" });
    expect(made.status).toBe("trialing");
    expect(days(made.current_period_start, made.trial_end)).toBeCloseTo(14, 1);
    expect([made.current_period_end, made.next_billing_date]).toEqual([made.trial_end, made.trial_end]);
    expect(await subscribe({ trial_days: 0 })).toMatchObject({ status: "incomplete", trial_end: null });
  });

  test("may be free", async () => {
    expect(await subscribe({ price_cents: 0, total_cents: 0 })).toMatchObject({ total_cents: 0 });
  });

  test.each([
    ["billing_interval", ["quarterly", "MONTHLY", "", null, 1]],
    ["interval_multiplier", [0, 13, 1.5, "1", null, -1]],
    ["trial_days", [-1, 1.5, "14", 731, null]],
    ["concept", ["", " ", 1, "a\nb", "x".repeat(201)]],
    ["description", ["", {}, "x".repeat(1_001)]],
    ["product_id", ["", 1, "x".repeat(201)]],
    ["metadata", [null, [], "x", 1]],
    ["organization_id", [1, [], "x".repeat(65)]],
  ])("with a wrong %s is refused by name", async (field, values) => {
    for (const value of values) {
      const answer = await jane.post(PATH, { total_cents: 1, [field]: value });
      expect(answer, JSON.stringify(value)).toMatchObject(no(422, "invalid_field", field));
      expect(answer.body.error).toMatch(new RegExp(`^${field}: `));
    }
  });

  test.each([
    "status",
    "provider_subscription_id",
    "current_period_end",
    "canceled_at",
    "user_id",
    "id",
    "environment_id",
  ])("doesn't let its creator set %s", async (field) => {
    const answer = await jane.post(PATH, { total_cents: 1, [field]: "active" });
    expect(answer).toMatchObject(no(422, "unknown_field", field));
  });
});

describe("the list of subscriptions", () => {
  test("is filtered by status and ordered by price", async () => {
    const api = guildhall.api.as((await buildPerson(guildhall)).token);
    const ids: string[] = [];
    for (const total_cents of [300, 100, 200])
      ids.push((await create(api, SUBSCRIPTIONS, { total_cents })).id);
    const [dear = "", cheap = "", middle = ""] = ids;
    expect(idsOf(await api.get(`${PATH}?orderBy=total_cents`))).toEqual([dear, middle, cheap]);
    expect(idsOf(await api.get(`${PATH}?orderBy=total_cents&orderDir=asc`))).toEqual([cheap, middle, dear]);
    await guildhall.api.post(`${PATH}/${cheap}/sync`, { status: "past_due" });
    expect(idsOf(await api.get(`${PATH}?status=past_due`))).toEqual([cheap]);
    expect((await api.get(`${PATH}?status=incomplete`)).body.meta.pagination.total).toBe(2);
    expect(await api.get(`${PATH}?status=cancelled`)).toMatchObject(no(400, "invalid_parameter", "status"));
  });
});

test("changing a subscription sets payment links and metadata, nothing else", async () => {
  const { id, updated_at } = await subscribe({ metadata: { old: true } });
  const { body } = await jane.put(`${PATH}/${id}`, { metadata: { seats: 6 } });
  expect(body.data).toMatchObject({ id, metadata: { seats: 6 } });
  expect(Date.parse(body.data.updated_at)).toBeGreaterThan(Date.parse(updated_at));
  for (const field of ["total_cents", "status", "customer_id", "currency", "trial_days"])
    expect(await jane.put(`${PATH}/${id}`, { [field]: 1 })).toMatchObject(no(422, "unknown_field", field));
  expect(await jane.delete(`${PATH}/${id}`)).toMatchObject(no(405, "method_not_allowed"));
});
