import { beforeEach, describe, expect, test } from "vitest";
import type { Api } from "./support/api.ts";
import { buildTeam, create, idsOf, no, PAYMENT_METHODS } from "./support/bridge-team.ts";
import { buildPerson } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

const PATH = PAYMENT_METHODS.path;

const guildhall = useGuildhall();
let jane: Api;

beforeEach(async () => {
  jane = guildhall.api.as((await buildPerson(guildhall)).token);
});

const add = (values: object = {}) => create(jane, PAYMENT_METHODS, values);

/** The ids of the defaults of a list. */
async function defaults(api: Api, query = ""): Promise<string[]> {
  const { body } = await api.get(`${PATH}${query}`);
  return body.data
    .filter((one: { is_default: boolean }) => one.is_default)
    .map(({ id }: { id: string }) => id);
}

test("a payment method has the values that the provider reported", async () => {
  const given = {
    type: "card",
    provider_id: "stripe",
    provider_payment_method_token: "pm_1MqM05LkdIwHu7ixlDxxO6Mc",
    card_brand: "visa",
    last_four: "4242",
    expiry_month: "08",
    expiry_year: "2031",
    alias: "the blue one",
    metadata: { fingerprint: "Xt5EWLLDS7FJjR1c" },
  };
  const { status, body } = await jane.post(PATH, given);
  expect({ status, data: body.data }).toMatchObject({
    status: 201,
    data: { ...given, wallet_type: null, customer_id: null, billing_address_id: null, is_default: false },
  });
  expect((await jane.get(`${PATH}/${body.data.id}`)).body.data).toEqual(body.data);
});

describe("an alternative name", () => {
  test.each([
    ["card_token", "provider_payment_method_token", "tok_visa_4242"],
    ["payment_method_token", "provider_payment_method_token", "tok_visa_4242"],
    ["payment_type", "type", "wallet"],
    ["brand", "card_brand", "mastercard"],
    ["last4", "last_four", "4444"],
  ])("%s for %s is accepted and not returned", async (alias, name, value) => {
    const { [name]: _, ...rest }: Record<string, unknown> = {
      type: "card",
      provider_payment_method_token: "tok_1",
    };
    const { status, body } = await jane.post(PATH, { ...rest, [alias]: value });
    expect({ status, value: body.data?.[name] }).toEqual({ status: 201, value });
    expect(body.data).not.toHaveProperty(alias);
    expect(await jane.post(PATH, { ...rest, [alias]: value, [name]: value })).toMatchObject({ status: 201 });
    const differing = { ...rest, [name]: value, [alias]: `${value}x` };
    expect(await jane.post(PATH, differing)).toMatchObject(no(422, "conflicting_fields", alias));
    const wrong = await jane.post(PATH, { ...rest, [alias]: 1 });
    expect(wrong).toMatchObject(no(422, "invalid_field", alias));
    expect(wrong.body.error).toMatch(new RegExp(`^${alias}: `));
  });

  test("of the token may be sent with the others if all agree", async () => {
    const token = "tok_visa_4242";
    const three = { card_token: token, payment_method_token: token, provider_payment_method_token: token };
    expect(await jane.post(PATH, { type: "card", ...three })).toMatchObject({ status: 201 });
    expect(await jane.post(PATH, { type: "card", ...three, card_token: "tok_other" })).toMatchObject(
      no(422, "conflicting_fields"),
    );
  });
});

test.each([
  ["type", ["cash", "", null, 1, "CARD", undefined]],
  ["provider_payment_method_token", ["", " ", null, 1, "x".repeat(501), "a\nb"]],
  ["last_four", ["424", "42424", "abcd", 4242, "４２４２"]],
  ["expiry_month", ["0", "8", "13", "00", 8]],
  ["expiry_year", ["31", "20311", 2031]],
  ["is_default", ["true", 1, null]],
  ["wallet_type", ["", 1, "x".repeat(51)]],
  ["metadata", [null, [], "x"]],
])("a payment method with a wrong %s is refused by name", async (field, values) => {
  for (const value of values) {
    const body = { type: "card", provider_payment_method_token: "tok_1", [field]: value };
    expect(await jane.post(PATH, body), String(value)).toMatchObject(no(422, "invalid_field", field));
  }
});

test("a payment method without a token is refused by the token's name", async () => {
  expect(await jane.post(PATH, { type: "card" })).toMatchObject(
    no(422, "invalid_field", "provider_payment_method_token"),
  );
});

test("a change takes what a user may set, and keeps what the provider said", async () => {
  const { id, provider_payment_method_token } = await add({ alias: "old", last_four: "4242" });
  const change = { alias: null, expiry_month: "12", expiry_year: "2032", metadata: { a: 1 } };
  expect(await jane.put(`${PATH}/${id}`, change)).toMatchObject({
    status: 200,
    body: { data: { ...change, last_four: "4242", provider_payment_method_token } },
  });
  for (const field of [
    "type",
    "card_token",
    "provider_payment_method_token",
    "last_four",
    "brand",
    "customer_id",
  ])
    expect(await jane.put(`${PATH}/${id}`, { [field]: "1" })).toMatchObject(no(422, "unknown_field", field));
});

test("payment methods are filtered by type", async () => {
  const ids = new Map<string, string>();
  for (const type of ["card", "bank_account", "wallet"]) ids.set(type, (await add({ type })).id);
  for (const [type, id] of ids) expect(idsOf(await jane.get(`${PATH}?type=${type}`))).toEqual([id]);
  expect(await jane.get(`${PATH}?type=cash`)).toMatchObject(no(400, "invalid_parameter", "type"));
});

describe("the default payment method", () => {
  test("is one of any type: created so, set, or changed to it", async () => {
    const first = await add({ is_default: true });
    const second = await add({ is_default: true, type: "bank_account" });
    expect(await defaults(jane)).toEqual([second.id]);
    expect(await jane.post(`${PATH}/${first.id}/set-default`)).toMatchObject({
      status: 200,
      body: { data: { id: first.id, is_default: true } },
    });
    expect(await defaults(jane)).toEqual([first.id]);
    await jane.put(`${PATH}/${second.id}`, { is_default: true });
    expect(await defaults(jane)).toEqual([second.id]);
    await jane.put(`${PATH}/${second.id}`, { is_default: false });
    expect(await defaults(jane)).toEqual([]);
  });

  test("stays the default when something else changes", async () => {
    const { id } = await add({ is_default: true });
    expect(await jane.put(`${PATH}/${id}`, { alias: "mine" })).toMatchObject({
      body: { data: { alias: "mine", is_default: true } },
    });
    await jane.patch(`${PATH}/${id}/billing-address`, { billing_address_id: null });
    expect(await defaults(jane)).toEqual([id]);
  });

  test("of a person is independent of their organization's", async () => {
    const team = await buildTeam(guildhall);
    const organization_id = team.organization.id;
    const [owner, billing] = [guildhall.api.as(team.owner.token), guildhall.api.as(team.billing.token)];
    const own = await create(owner, PAYMENT_METHODS, { is_default: true });
    const shared = await create(owner, PAYMENT_METHODS, { is_default: true, organization_id });
    const others = await create(billing, PAYMENT_METHODS, { is_default: true });
    const next = await create(billing, PAYMENT_METHODS, { is_default: true, organization_id });
    expect([await defaults(owner), await defaults(billing)]).toEqual([[own.id], [others.id]]);
    expect(await defaults(owner, `?organization_id=${organization_id}`)).toEqual([next.id]);
    await billing.post(`${PATH}/${shared.id}/set-default`);
    expect([await defaults(owner), await defaults(billing)]).toEqual([[own.id], [others.id]]);
    expect(await defaults(owner, `?organization_id=${organization_id}`)).toEqual([shared.id]);
  });

  test("is one even if many members set one at once", async () => {
    const team = await buildTeam(guildhall);
    const organization_id = team.organization.id;
    const apis = [guildhall.api.as(team.owner.token), guildhall.api.as(team.billing.token)];
    const ids: string[] = [];
    for (let n = 0; n < 6; n += 1)
      ids.push((await create(apis[n % 2] as Api, PAYMENT_METHODS, { organization_id })).id);
    const answers = await Promise.all(
      ids.flatMap((id) => apis.map((api) => api.post(`${PATH}/${id}/set-default`))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200));
    expect(await defaults(apis[0] as Api, `?organization_id=${organization_id}`)).toHaveLength(1);
  });
});

test("deleting a payment method says so, and it is gone", async () => {
  const { id } = await add();
  expect((await jane.delete(`${PATH}/${id}`)).body).toEqual({
    success: true,
    message: "Payment method deleted successfully",
  });
  expect(await jane.get(`${PATH}/${id}`)).toMatchObject(no(404, "not_found"));
  expect(idsOf(await jane.get(PATH))).toEqual([]);
});
