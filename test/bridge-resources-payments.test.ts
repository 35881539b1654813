import { beforeEach, describe, expect, test } from "vitest";
import type { Api } from "./support/api.ts";
import { create, no, PAYMENT_METHODS, PAYMENTS } from "./support/bridge-team.ts";
import { buildPerson } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

const { path: PATH, intents: INTENTS } = PAYMENTS;

const guildhall = useGuildhall();
let jane: Api;

beforeEach(async () => {
  jane = guildhall.api.as((await buildPerson(guildhall)).token);
});

const intend = (values: object = {}) => create(jane, PAYMENTS, values);
const read = async (id: string) => (await jane.get(`${PATH}/${id}`)).body.data;
const confirm = (id: string, body?: object) => jane.post(`${INTENTS}/${id}/confirm`, body);
const report = (id: string, status: string) => guildhall.api.post(`${INTENTS}/${id}/sync`, { status });
const cardOf = async (api = jane) => String((await create(api, PAYMENT_METHODS)).id);

describe("a payment intent", () => {
  test("has the values sent, and waits for a payment method", async () => {
    const given = {
      total_cents: 10_000,
      currency: "USD",
      description: "Invoice Payment",
      concept: "invoice",
      reference_code: "INV-2026-0001",
      category: "services",
      tags: "q1,consulting",
      provider_id: "stripe",
      setup_future_usage: "off_session",
      return_url: "https://example.com/thanks?a=1",
      metadata: { order: { number: "A-1" } },
    };
    const made = await intend(given);
    expect(made).toMatchObject({
      ...given,
      status: "requires_payment_method",
      subtotal_cents: 10_000,
      confirmed_at: null,
      synced_at: null,
      completed_at: null,
      failure_reason: null,
    });
    expect(await read(made.id)).toEqual(made);
  });

  test("with a payment method waits for confirmation", async () => {
    const payment_method_id = await cardOf();
    expect(await intend({ payment_method_id })).toMatchObject({
      payment_method_id,
      status: "requires_confirmation",
    });
  });

  test.each([
    ["setup_future_usage", ["later", "", 1, true]],
    [
      "return_url",
      ["javascript:alert(1)", "ftp://x.example", "/thanks", "", 1, `https://x.example/${"x".repeat(2_000)}`],
    ],
    ["description", ["", 1, "x".repeat(1_001), "a\u0000b"]],
    ["reference_code", ["", 1, "x".repeat(201)]],
    ["tags", [["a"], "", "x".repeat(501)]],
    ["provider_id", ["", 1]],
  ])("with a wrong %s is refused by name", async (field, values) => {
    for (const value of values) {
      const answer = await jane.post(INTENTS, { total_cents: 1, [field]: value });
      if (String(value).includes("\u0000")) expect(answer).toMatchObject(no(400, "malformed_text"));
      else expect(answer, JSON.stringify(value)).toMatchObject(no(422, "invalid_field", field));
    }
  });

  test.each(["status", "provider_payment_id", "client_secret", "completed_at", "id", "card"])(
    "doesn't let its creator set %s",
    async (field) => {
      const answer = await jane.post(INTENTS, { total_cents: 1, [field]: "succeeded" });
      expect(answer).toMatchObject(no(422, "unknown_field", field));
    },
  );

  test("changes while pending: sets values, clears null, keeps the rest", async () => {
    const payment_method_id = await cardOf();
    for (const values of [{}, { payment_method_id }]) {
      const { id } = await intend({ description: "old", concept: "invoice", ...values });
      const change = {
        total_cents: 500,
        description: null,
        setup_future_usage: "on_session",
        metadata: { a: 1 },
      };
      const { status, body } = await jane.put(`${INTENTS}/${id}`, change);
      expect({ status, data: body.data }).toMatchObject({
        status: 200,
        data: { ...change, ...values, concept: "invoice" },
      });
      expect(await read(id)).toEqual(body.data);
    }
  });

  test("keeps status, concept and provider, and refuses changes by name", async () => {
    const { id } = await intend();
    for (const field of [
      "status",
      "concept",
      "provider_id",
      "payment_method_id",
      "tax_cents",
      "subtotal_cents",
    ])
      expect(await jane.put(`${INTENTS}/${id}`, { [field]: 1 })).toMatchObject(
        no(422, "unknown_field", field),
      );
  });

  test("can't be deleted", async () => {
    const { id } = await intend();
    for (const path of [`${PATH}/${id}`, `${INTENTS}/${id}`])
      expect(await jane.delete(path)).toMatchObject(no(405, "method_not_allowed"));
  });
});

describe("confirming a payment", () => {
  test("needs a payment method, from the intent or the request", async () => {
    const card = await cardOf();
    const { id } = await intend();
    for (const body of [undefined, {}])
      expect(await confirm(id, body)).toMatchObject(no(422, "payment_method_missing", "payment_method_id"));
    expect(await confirm(id, { payment_method_id: null })).toMatchObject(
      no(422, "invalid_field", "payment_method_id"),
    );
    expect(await confirm(id, { payment_method_id: card })).toMatchObject({
      status: 200,
      body: { data: { status: "processing", payment_method_id: card } },
    });
    const other = await intend({ payment_method_id: card });
    const { body } = await confirm(other.id);
    expect(body.data).toMatchObject({ status: "processing", payment_method_id: card, completed_at: null });
    expect(body.data.confirmed_at).not.toBeNull();
    expect(await read(other.id)).toEqual(body.data);
  });

  test("may bring a payment method, a return URL and more", async () => {
    const { id } = await intend({ payment_method_id: await cardOf() });
    const body = {
      payment_method_id: await cardOf(),
      return_url: "https://example.com/back",
      save_payment_method: true,
    };
    expect(await confirm(id, body)).toMatchObject({
      status: 200,
      body: {
        data: {
          payment_method_id: body.payment_method_id,
          return_url: body.return_url,
          setup_future_usage: "off_session",
        },
      },
    });
    const other = await intend({ payment_method_id: await cardOf(), setup_future_usage: "on_session" });
    expect((await confirm(other.id)).body.data.setup_future_usage).toBe("on_session");
  });

  test.each([
    ["payment_method_id", [1, [], "x".repeat(65)]],
    ["return_url", ["/back", null, 1]],
    ["save_payment_method", ["true", 1, null]],
  ])("with a wrong %s is refused by name and changes nothing", async (field, values) => {
    const { id } = await intend({ payment_method_id: await cardOf() });
    for (const value of values)
      expect(await confirm(id, { [field]: value })).toMatchObject(no(422, "invalid_field", field));
    expect(await read(id)).toMatchObject({ status: "requires_confirmation" });
  });

  test("many times at once takes effect once, with 409 for the rest", async () => {
    const { id } = await intend();
    const cards = await Promise.all(Array.from({ length: 10 }, () => cardOf()));
    const answers = await Promise.all(cards.map((payment_method_id) => confirm(id, { payment_method_id })));
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    for (const answer of answers)
      if (answer.status !== 200) expect(answer).toMatchObject(no(409, "payment_not_pending"));
    expect(await read(id)).toEqual(won[0]?.body.data);
    const events = await guildhall.db("events").where({ subject_id: id, type: "payment.confirmed" });
    expect(events).toHaveLength(1);
  });

  test("during a change records exactly what was confirmed", async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id } = await intend({ payment_method_id: await cardOf() });
      const [changed, confirmed] = await Promise.all([
        jane.put(`${INTENTS}/${id}`, { total_cents: 99_999 }),
        confirm(id),
      ]);
      expect(confirmed.status).toBe(200);
      expect([200, 409]).toContain(changed.status);
      expect(confirmed.body.data.total_cents).toBe(changed.status === 200 ? 99_999 : 10_000);
      expect((await read(id)).total_cents).toBe(confirmed.body.data.total_cents);
    }
  });

  test("ends changes and further confirmations: 409", async () => {
    const { id } = await intend({ payment_method_id: await cardOf() });
    await confirm(id);
    for (const status of [null, "requires_action", "processing", "succeeded", "refunded"]) {
      if (status !== null) expect((await report(id, status)).status).toBe(200);
      const before = await read(id);
      for (const answer of [
        await jane.put(`${INTENTS}/${id}`, { description: "x" }),
        await jane.put(`${INTENTS}/${id}`, {}),
        await confirm(id),
      ])
        expect(answer).toMatchObject(no(409, "payment_not_pending"));
      expect(await read(id)).toEqual(before);
    }
  });

  test("is possible again if the provider wants another method", async () => {
    const { id } = await intend({ payment_method_id: await cardOf() });
    await confirm(id);
    await report(id, "requires_payment_method");
    expect(await confirm(id, { payment_method_id: await cardOf() })).toMatchObject({ status: 200 });
  });
});
