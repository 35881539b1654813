import { beforeEach, describe, expect, test } from "vitest";
import type { Api } from "./support/api.ts";
import { ADDRESSES, buildTeam, create, idsOf, no, type Team } from "./support/bridge-team.ts";
import { buildPerson } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

const PATH = ADDRESSES.path;

const guildhall = useGuildhall();
let jane: Api;

beforeEach(async () => {
  jane = guildhall.api.as((await buildPerson(guildhall)).token);
});

const add = (values: object = {}) => create(jane, ADDRESSES, values);
const put = (id: string, change: object) => jane.put(`${PATH}/${id}`, change);

/** The ids of the defaults of a list. */
async function defaults(api: Api, query = ""): Promise<string[]> {
  const { body } = await api.get(`${PATH}${query}`);
  return body.data
    .filter((one: { is_default: boolean }) => one.is_default)
    .map(({ id }: { id: string }) => id);
}

test("an address has the values sent, and is for billing by default", async () => {
  const given = {
    alias: "office",
    name: "Jane Smith",
    line1: "123 Business St",
    line2: "Suite 100",
    city: "San Francisco",
    state: "CA",
    postal_code: "94105",
    country: "US",
    phone: "+1-555-0123",
    email: "jane@example.com",
    is_business: true,
    business_name: "Acme Corp",
    tax_id: "12-3456789",
    tax_id_type: "us_ein",
    metadata: { floor: 3 },
  };
  const made = await add(given);
  expect(made).toMatchObject({ ...given, type: "billing", is_partial: false, is_default: false });
  expect((await jane.get(`${PATH}/${made.id}`)).body.data).toEqual(made);
  expect(await add()).toMatchObject({ metadata: {}, alias: null, email: null, is_business: false });
});

test("changing an address sets what is sent, clears null and keeps the rest", async () => {
  const { id } = await add({ line2: "Suite 100", alias: "office" });
  const { body } = await put(id, { line2: null, city: "  Oakland ", type: "both" });
  expect(body.data).toMatchObject({ line2: null, city: "Oakland", type: "both", alias: "office" });
});

describe("an incomplete address", () => {
  test.each(["line1", "city"])(
    "without its %s is refused by name unless marked as partial",
    async (field) => {
      for (const missing of [undefined, null])
        expect(await jane.post(PATH, { ...ADDRESSES.least(), [field]: missing })).toMatchObject(
          no(422, "invalid_field", field),
        );
      expect(await add({ [field]: null, is_partial: true })).toMatchObject({
        [field]: null,
        is_partial: true,
      });
    },
  );

  test("of a business needs the business's name", async () => {
    const answer = await jane.post(PATH, { ...ADDRESSES.least(), is_business: true });
    expect(answer).toMatchObject(no(422, "invalid_field", "business_name"));
  });

  test("is refused in changes, too", async () => {
    const { id } = await add();
    const partial = await add({ is_partial: true, city: null });
    for (const [one, change, field] of [
      [id, { line1: null }, "line1"],
      [id, { city: null }, "city"],
      [id, { is_business: true }, "business_name"],
      [partial.id, { is_partial: false }, "city"],
    ])
      expect(await put(one, change)).toMatchObject(no(422, "invalid_field", field));
    expect(await put(partial.id, { is_partial: false, city: "Oakland" })).toMatchObject({ status: 200 });
    expect(await put(id, { is_business: true, business_name: "Acme" })).toMatchObject({ status: 200 });
    expect(await put(id, { business_name: null })).toMatchObject(no(422, "invalid_field", "business_name"));
  });
});

test.each([
  ["country", ["us", "USA", "U", "", null, 1, "U1", "US\n"]],
  ["type", ["home", "", null, 1, "BILLING"]],
  ["email", ["no address", "", 1, "a@b c"]],
  ["is_default", ["true", 1, null]],
  ["is_partial", ["false", 0, null]],
  ["line1", ["", " ", 1, "a\nb", "x".repeat(201), []]],
  ["postal_code", ["x".repeat(21), 94105]],
  ["phone", ["x".repeat(51), 15550123]],
  ["tax_id", ["x".repeat(101), ""]],
  ["metadata", [null, [], "x"]],
])("an address with a wrong %s is refused by name, new or changed", async (field, values) => {
  const { id } = await add();
  for (const value of values) {
    const wrong = no(422, "invalid_field", field);
    expect(await jane.post(PATH, { ...ADDRESSES.least(), [field]: value }), String(value)).toMatchObject(
      wrong,
    );
    expect(await put(id, { [field]: value }), String(value)).toMatchObject(wrong);
  }
});

describe("address_type", () => {
  test("is another name for type; only type is returned", async () => {
    const made = await add({ address_type: "shipping" });
    expect(made).toMatchObject({ type: "shipping" });
    expect(made).not.toHaveProperty("address_type");
    expect(await put(made.id, { address_type: "both" })).toMatchObject({ body: { data: { type: "both" } } });
    expect(await add({ type: "both", address_type: "both" })).toMatchObject({ type: "both" });
  });

  test("may not differ from type, and errors name the field that was sent", async () => {
    for (const both of [
      { type: "billing", address_type: "shipping" },
      { type: "billing", address_type: null },
    ])
      expect(await jane.post(PATH, { ...ADDRESSES.least(), ...both })).toMatchObject(
        no(422, "conflicting_fields", "address_type"),
      );
    const { body } = await jane.post(PATH, { ...ADDRESSES.least(), address_type: "home" });
    expect(body.fields).toMatchObject([{ field: "address_type", code: "invalid_field" }]);
    expect(body.error).toMatch(/^address_type: /);
  });

  test("filters the list like type", async () => {
    const ids = new Map<string, string>();
    for (const type of ["billing", "shipping", "both"]) ids.set(type, (await add({ type })).id);
    for (const name of ["type", "address_type"]) {
      for (const [type, id] of ids) expect(idsOf(await jane.get(`${PATH}?${name}=${type}`))).toEqual([id]);
      expect(await jane.get(`${PATH}?${name}=home`)).toMatchObject(no(400, "invalid_parameter", name));
    }
  });
});

describe("the list of addresses", () => {
  test("is searched in any letter case, without wildcards", async () => {
    const [percent, plain, slash] = [
      (await add({ alias: "100% ours" })).id,
      (await add({ alias: "100 ours", name: "ÄPFEL" })).id,
      (await add({ alias: "a_b\\c" })).id,
    ];
    const search = async (text: string) =>
      idsOf(await jane.get(`${PATH}?search=${encodeURIComponent(text)}`));
    expect(await search("OURS")).toEqual([plain, percent]);
    expect(await search("äpf")).toEqual([plain]);
    expect(await search("0%")).toEqual([percent]);
    expect(await search("_")).toEqual([slash]);
    expect(await search("\\")).toEqual([slash]);
    expect(await search("%")).toEqual([percent]);
    expect(await search("' or 1=1")).toEqual([]);
    expect(await search("san fran")).toEqual([slash, plain, percent]);
    for (const text of ["", " ", "x".repeat(201)])
      expect(await jane.get(`${PATH}?search=${encodeURIComponent(text)}`)).toMatchObject(
        no(400, "invalid_parameter", "search"),
      );
  });

  test("is filtered by completeness", async () => {
    const full = (await add()).id;
    const partial = (await add({ is_partial: true })).id;
    const by = async (word: string) => idsOf(await jane.get(`${PATH}?completeness=${word}`));
    expect([await by("full"), await by("partial"), await by("any")]).toEqual([
      [full],
      [partial],
      [partial, full],
    ]);
    expect(await jane.get(`${PATH}?completeness=half`)).toMatchObject(
      no(400, "invalid_parameter", "completeness"),
    );
  });
});

describe("the default address", () => {
  test("is one per type: setting another replaces it", async () => {
    const [first, second, shipping] = [
      await add({ is_default: true }),
      await add(),
      await add({ is_default: true, type: "shipping" }),
    ];
    expect(await defaults(jane)).toEqual([shipping.id, first.id]);
    const set = await jane.post(`${PATH}/${second.id}/set-default`);
    expect(set).toMatchObject({ status: 200, body: { data: { id: second.id, is_default: true } } });
    expect(await defaults(jane)).toEqual([shipping.id, second.id]);
    expect((await jane.post(`${PATH}/${second.id}/set-default`, {})).status).toBe(200);
    const third = await add({ is_default: true });
    expect(await defaults(jane)).toEqual([third.id, shipping.id]);
  });

  test("replaces the default of the other type when its type changes", async () => {
    const [billing, shipping] = [
      await add({ is_default: true }),
      await add({ is_default: true, type: "shipping" }),
    ];
    expect(await put(billing.id, { type: "shipping" })).toMatchObject({
      status: 200,
      body: { data: { type: "shipping", is_default: true } },
    });
    expect(await defaults(jane)).toEqual([billing.id]);
    expect(await put(shipping.id, { type: "billing", is_default: true })).toMatchObject({ status: 200 });
    expect(await defaults(jane)).toEqual([shipping.id, billing.id]);
    expect(await put(billing.id, { is_default: false, type: "billing" })).toMatchObject({ status: 200 });
    expect(await defaults(jane)).toEqual([shipping.id]);
  });

  test("of a person is independent of their organization's", async () => {
    const team: Team = await buildTeam(guildhall);
    const organization_id = team.organization.id;
    const [owner, billing] = [guildhall.api.as(team.owner.token), guildhall.api.as(team.billing.token)];
    const own = await create(owner, ADDRESSES, { is_default: true });
    const shared = await create(owner, ADDRESSES, { is_default: true, organization_id });
    const next = await create(billing, ADDRESSES, { is_default: true, organization_id });
    const others = await create(billing, ADDRESSES, { is_default: true });
    expect(await defaults(owner)).toEqual([own.id]);
    expect(await defaults(billing)).toEqual([others.id]);
    expect(await defaults(owner, `?organization_id=${organization_id}`)).toEqual([next.id]);
    await billing.post(`${PATH}/${shared.id}/set-default`);
    expect(await defaults(owner, `?organization_id=${organization_id}`)).toEqual([shared.id]);
    expect([await defaults(owner), await defaults(billing)]).toEqual([[own.id], [others.id]]);
  });

  test("can be deleted, and no other takes its place", async () => {
    const { id } = await add({ is_default: true });
    await add();
    expect((await jane.delete(`${PATH}/${id}`)).body).toEqual({
      success: true,
      message: "Address deleted successfully",
    });
    expect(await defaults(jane)).toEqual([]);
  });

  test("is one address even if many are set at once", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 6; n += 1) ids.push((await add()).id);
    const answers = await Promise.all([
      ...ids.map((id) => jane.post(`${PATH}/${id}/set-default`)),
      ...ids.map(() => jane.post(PATH, { ...ADDRESSES.least(), is_default: true })),
      ...ids.map((id) => put(id, { is_default: true, type: "billing" })),
    ]);
    for (const { status } of answers) expect([200, 201]).toContain(status);
    expect(await defaults(jane)).toHaveLength(1);
  });
});
