import { beforeAll, describe, expect, test } from "vitest";
import type { Api } from "./support/api.ts";
import { create, no, PAYMENTS, SUBSCRIPTIONS } from "./support/bridge-team.ts";
import { buildPerson } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();
let jane: Api;

const AMOUNTS = ["subtotal_cents", "tax_cents", "discount_cents", "total_cents"];

describe.each([
  { kind: SUBSCRIPTIONS, alias: "price_cents" },
  { kind: PAYMENTS, alias: "amount_cents" },
])("$kind.name", ({ kind, alias }) => {
  const ask = (body: object | string) => jane.post(kind.intents, body);
  beforeAll(async () => {
    jane = guildhall.api.as((await buildPerson(guildhall)).token);
  });

  test.each([
    [{ total_cents: 119 }, [119, 0, 0, 119]],
    [{ subtotal_cents: 119 }, [119, 0, 0, 119]],
    [{ subtotal_cents: 100, tax_cents: 19 }, [100, 19, 0, 119]],
    [{ subtotal_cents: 100, discount_cents: 10 }, [100, 0, 10, 90]],
    [{ total_cents: 119, tax_cents: 19 }, [100, 19, 0, 119]],
    [{ total_cents: 90, discount_cents: 10 }, [100, 0, 10, 90]],
    [{ total_cents: 109, tax_cents: 19, discount_cents: 10 }, [100, 19, 10, 109]],
    [{ subtotal_cents: 100, tax_cents: 19, discount_cents: 10, total_cents: 109 }, [100, 19, 10, 109]],
    [{ subtotal_cents: 0, tax_cents: 5 }, [0, 5, 0, 5]],
    [{ total_cents: 1_000_000_000_000 }, [1e12, 0, 0, 1e12]],
    [{ subtotal_cents: 1e12, tax_cents: 1e12 }, [1e12, 1e12, 0, 2e12]],
    [{ total_cents: 100.0 }, [100, 0, 0, 100]],
  ])("with %j is completed: total = subtotal + tax - discount", async (given, expected) => {
    const { status, body } = await ask(given);
    expect({ status, amounts: AMOUNTS.map((name) => body.data?.[name]) }).toEqual({
      status: 201,
      amounts: expected,
    });
    expect((await jane.get(`${kind.path}/${body.data.id}`)).body.data).toEqual(body.data);
  });

  test.each([
    { subtotal_cents: 100, total_cents: 119 },
    { subtotal_cents: 100, tax_cents: 19, total_cents: 100 },
    { subtotal_cents: 100, discount_cents: 101 },
    { total_cents: 10, tax_cents: 19 },
    { subtotal_cents: 1, tax_cents: 0, discount_cents: 0, total_cents: 0 },
  ])("with %j contradicts itself: 422", async (given) => {
    expect(await ask(given)).toMatchObject(no(422, "amounts_disagree", "total_cents"));
  });

  test.each([{}, { tax_cents: 5 }, { discount_cents: 0 }, { currency: "EUR" }])(
    "with %j has no amount: 422",
    async (given) => {
      expect(await ask(given)).toMatchObject(no(422, "amount_missing", "total_cents"));
    },
  );

  test.each([...AMOUNTS, alias])(
    "takes only whole cents as its %s, and refuses the rest by name",
    async (field) => {
      for (const value of [1.5, "100", "", -1, -0.5, 1e13, 1e308, 2 ** 53, null, true, [], {}, [100]]) {
        const answer = await ask({ [field]: value });
        expect(answer, JSON.stringify(value)).toMatchObject(no(422, "invalid_field", field));
        expect(answer.body.error).toMatch(new RegExp(`^${field}: `));
      }
      expect(await ask(`{"${field}":1e400}`), "more than a number holds").toMatchObject(
        no(422, "invalid_field", field),
      );
      for (const text of ["NaN", "Infinity", "-Infinity", "0x10", "01", "1_000", "+1"])
        expect(await ask(`{"${field}":${text}}`), text).toMatchObject(no(400, "malformed_json"));
    },
  );

  test(`accepts ${alias} and returns it as total_cents`, async () => {
    const { body } = await ask({ [alias]: 500 });
    expect(body.data).toMatchObject({ total_cents: 500, subtotal_cents: 500 });
    expect(body.data).not.toHaveProperty(alias);
    expect(await ask({ [alias]: 500, total_cents: 500 })).toMatchObject({ status: 201 });
    expect(await ask({ total_cents: 500, [alias]: 501 })).toMatchObject(no(422, "conflicting_fields", alias));
  });

  test("has an ISO 4217 currency in either case, and dollars by default", async () => {
    for (const [given, expected] of [
      ["EUR", "EUR"],
      ["eur", "EUR"],
      ["Jpy", "JPY"],
      [undefined, "USD"],
    ])
      expect(await create(jane, kind, { currency: given })).toMatchObject({ currency: expected });
    for (const currency of ["EURO", "EU", "XYZ", "", " EUR", "E R", "€", 978, null, ["EUR"]])
      expect(await ask({ ...kind.least(), currency }), JSON.stringify(currency)).toMatchObject(
        no(422, "invalid_field", "currency"),
      );
  });
});

describe("the amount of a payment", () => {
  test("is more than zero, when created and when changed", async () => {
    for (const given of [{ total_cents: 0 }, { amount_cents: 0 }, { subtotal_cents: 5, discount_cents: 5 }])
      expect(await jane.post(PAYMENTS.intents, given)).toMatchObject(
        no(422, "amount_missing", "total_cents"),
      );
    const { id } = await create(jane, PAYMENTS);
    expect(await jane.put(`${PAYMENTS.intents}/${id}`, { total_cents: 0 })).toMatchObject(
      no(422, "amount_missing", "total_cents"),
    );
  });

  test("keeps tax and discount when the total changes", async () => {
    const { id } = await create(jane, PAYMENTS, { total_cents: 109, tax_cents: 19, discount_cents: 10 });
    const change = (amount_cents: number) => jane.put(`${PAYMENTS.intents}/${id}`, { amount_cents });
    expect(await change(209)).toMatchObject({
      status: 200,
      body: { data: { subtotal_cents: 200, tax_cents: 19, discount_cents: 10, total_cents: 209 } },
    });
    expect(await change(9)).toMatchObject({ body: { data: { subtotal_cents: 0, total_cents: 9 } } });
    expect(await change(8)).toMatchObject(no(422, "amounts_disagree", "total_cents"));
  });

  test("stays the same when the currency changes", async () => {
    const { id } = await create(jane, PAYMENTS, { total_cents: 500 });
    expect(await jane.put(`${PAYMENTS.intents}/${id}`, { currency: "gbp" })).toMatchObject({
      status: 200,
      body: { data: { currency: "GBP", total_cents: 500 } },
    });
    expect(await jane.put(`${PAYMENTS.intents}/${id}`, { total_cents: 501 })).toMatchObject({
      body: { data: { currency: "GBP", total_cents: 501 } },
    });
  });
});
