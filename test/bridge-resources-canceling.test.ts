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
const cancel = (id: string, body?: object) => jane.post(`${PATH}/${id}/cancel`, body);

/** Moves the subscription back in time. */
function passed(id: string, interval: string) {
  return guildhall
    .db("subscriptions")
    .where({ id })
    .update({
      current_period_start: guildhall.db.raw("current_period_start - ?::interval", [interval]),
      current_period_end: guildhall.db.raw("current_period_end - ?::interval", [interval]),
    });
}

describe("canceling a subscription", () => {
  test("takes effect at the end of the period by default", async () => {
    for (const body of [undefined, {}, { cancel_at_period_end: true }]) {
      const { id, current_period_end } = await subscribe({ trial_days: 7 });
      const canceled = await cancel(id, body);
      expect(canceled).toMatchObject({
        status: 200,
        body: {
          data: {
            status: "trialing",
            cancel_at_period_end: true,
            next_billing_date: null,
            current_period_end,
          },
        },
      });
      expect(canceled.body.data.canceled_at).not.toBeNull();
      expect(await read(id)).toEqual(canceled.body.data);
    }
  });

  test("takes effect at once on request, with a reason", async () => {
    const { id } = await subscribe();
    const reason = "too expensive";
    const { status, body } = await cancel(id, { cancel_at_period_end: false, reason });
    expect({ status, data: body.data }).toMatchObject({
      status: 200,
      data: {
        status: "canceled",
        cancel_at_period_end: false,
        cancel_reason: reason,
        next_billing_date: null,
      },
    });
    expect(await read(id)).toEqual(body.data);
  });

  test("at period end can change to at once, with its reason", async () => {
    const { id } = await subscribe();
    await cancel(id, { reason: "moving" });
    expect(await cancel(id, { cancel_at_period_end: false })).toMatchObject({
      status: 200,
      body: { data: { status: "canceled", cancel_reason: "moving" } },
    });
  });

  test.each([
    ["cancel_at_period_end", ["true", 1, null]],
    ["reason", ["", null, 1, "x".repeat(501)]],
  ])("with a wrong %s is refused by name", async (field, values) => {
    const { id } = await subscribe();
    for (const value of values)
      expect(await cancel(id, { [field]: value })).toMatchObject(no(422, "invalid_field", field));
    expect(await read(id)).toMatchObject({ cancel_at_period_end: false, canceled_at: null });
  });

  test("many times at once takes effect once", async () => {
    const { id } = await subscribe();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => cancel(id, { cancel_at_period_end: false })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(409)]);
    const events = await guildhall.db("events").where({ subject_id: id, type: "subscription.canceled" });
    expect(events).toHaveLength(1);
  });

  test("at the end of a past period takes effect at once", async () => {
    const { id } = await subscribe();
    await passed(id, "2 months");
    expect(await read(id)).toMatchObject({ status: "incomplete" });
    const { body } = await cancel(id);
    expect(body.data).toMatchObject({ status: "canceled", next_billing_date: null });
    expect(await read(id)).toEqual(body.data);
  });
});

describe("a canceled subscription in the past", () => {
  /** One canceled at once, and one whose last period has ended. */
  async function buildEnded(): Promise<string[]> {
    const [now, later] = [await subscribe(), await subscribe({ trial_days: 7 })];
    await cancel(now.id, { cancel_at_period_end: false });
    await cancel(later.id);
    await passed(later.id, "8 days");
    return [now.id, later.id];
  }

  test("is shown and filtered as canceled by itself", async () => {
    const ended = await buildEnded();
    for (const id of ended)
      expect(await read(id)).toMatchObject({ status: "canceled", next_billing_date: null });
    const newest = idsOf(await jane.get(`${PATH}?status=canceled`)).slice(0, 2);
    expect(newest).toEqual(ended.reverse());
    for (const status of ["trialing", "incomplete", "active"])
      for (const id of idsOf(await jane.get(`${PATH}?status=${status}&limit=100`)))
        expect(ended).not.toContain(id);
  });

  test("can't be changed or canceled again: 409", async () => {
    for (const id of await buildEnded()) {
      const before = await read(id);
      for (const answer of [
        await jane.put(`${PATH}/${id}`, { metadata: { a: 1 } }),
        await jane.put(`${PATH}/${id}`, {}),
        await jane.patch(`${PATH}/${id}/billing-address`, { billing_address_id: null }),
        await cancel(id),
        await cancel(id, { cancel_at_period_end: false }),
        await guildhall.api.post(`${PATH}/${id}/sync`, { status: "active" }),
      ])
        expect(answer).toMatchObject(no(409, "subscription_canceled"));
      expect(await read(id)).toEqual(before);
    }
  });
});
