import { beforeEach, expect, test } from "vitest";
import type { Api } from "./support/api.ts";
import { CUSTOMERS, create, idsOf, no } from "./support/bridge-team.ts";
import { buildPerson } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

const PATH = CUSTOMERS.path;

const guildhall = useGuildhall();
let jane: Api;

beforeEach(async () => {
  jane = guildhall.api.as((await buildPerson(guildhall)).token);
});

const add = (values: object = {}) => create(jane, CUSTOMERS, values);

test("a customer has the values sent", async () => {
  const given = {
    provider_id: "stripe",
    email: "Jane.Smith@example.com",
    name: "Jane Smith",
    first_name: "Jane",
    last_name: "Smith",
    phone: "+1-555-0123",
    metadata: { crm: { id: 7 } },
  };
  const made = await add(given);
  expect(made).toMatchObject({ ...given, provider_customer_id: null });
  expect((await jane.get(`${PATH}/${made.id}`)).body.data).toEqual(made);
  expect(await add()).toMatchObject({ name: null, phone: null, metadata: {} });
});

test("two customers may have the same email address", async () => {
  const email = "same@example.com";
  expect((await add({ email })).id).not.toBe((await add({ email })).id);
});

test("changing a customer sets what is sent, clears null and keeps the rest", async () => {
  const { id, email } = await add({ name: "Jane Smith", phone: "1", metadata: { a: 1 } });
  const { body } = await jane.put(`${PATH}/${id}`, { name: " Jane Jones ", phone: null });
  expect(body.data).toMatchObject({ email, name: "Jane Jones", phone: null, metadata: { a: 1 } });
  const provider_id = await jane.put(`${PATH}/${id}`, { provider_id: "paypal" });
  expect(provider_id).toMatchObject(no(422, "unknown_field", "provider_id"));
  expect(await jane.put(`${PATH}/${id}`, { email: null })).toMatchObject(no(422, "invalid_field", "email"));
});

test.each([
  ["email", ["no address", "", null, 1, "a@b\n", "a@example.com, b@example.com", undefined]],
  ["name", ["", " ", 1, "a\u0007b", "x".repeat(201)]],
  ["first_name", ["x".repeat(101), []]],
  ["phone", ["x".repeat(51), 15550123, ""]],
  ["provider_id", ["", 1, "x".repeat(101)]],
  ["metadata", [null, [], "x", 1]],
])("a customer with a wrong %s is refused by name", async (field, values) => {
  for (const value of values) {
    const answer = await jane.post(PATH, { ...CUSTOMERS.least(), [field]: value });
    expect(answer, JSON.stringify(value)).toMatchObject(no(422, "invalid_field", field));
    expect(answer.body.error).toMatch(new RegExp(`^${field}: `));
  }
});

test.each(["provider_customer_id", "is_guest", "user_id", "id", "environment_id", "created_at"])(
  "nobody can set a customer's %s: 422 with its name",
  async (field) => {
    const answer = await jane.post(PATH, { ...CUSTOMERS.least(), [field]: "x" });
    expect(answer).toMatchObject(no(422, "unknown_field", field));
  },
);

test("every wrong field of a customer is reported at once, by name", async () => {
  const { status, body } = await jane.post(PATH, { email: "x", name: "", phone: 1, nick: "J", "a.b": 1 });
  expect(status).toBe(422);
  expect(body.fields.map(({ field }: { field: string }) => field).sort()).toEqual([
    "a.b",
    "email",
    "name",
    "nick",
    "phone",
  ]);
});

test("customers are searched by email and names, and ordered by email", async () => {
  const [zoe, adam] = [
    (await add({ email: "zoe@example.com", name: "Zoe 100%" })).id,
    (await add({ email: "adam@example.org", first_name: "Adam", last_name: "O'Neill_" })).id,
  ];
  const search = async (text: string) => idsOf(await jane.get(`${PATH}?search=${encodeURIComponent(text)}`));
  expect(await search("EXAMPLE.COM")).toEqual([zoe]);
  expect(await search("o'neill")).toEqual([adam]);
  expect(await search("%")).toEqual([zoe]);
  expect(await search("_")).toEqual([adam]);
  expect(await search("nobody")).toEqual([]);
  expect(idsOf(await jane.get(`${PATH}?orderBy=email&orderDir=asc`))).toEqual([adam, zoe]);
  expect(idsOf(await jane.get(`${PATH}?orderBy=email`))).toEqual([zoe, adam]);
});

test("deleting a customer says so, and it is gone", async () => {
  const { id } = await add();
  expect((await jane.delete(`${PATH}/${id}`)).body).toEqual({
    success: true,
    message: "Customer deleted successfully",
  });
  expect(await jane.get(`${PATH}/${id}`)).toMatchObject(no(404, "not_found"));
  expect(await jane.put(`${PATH}/${id}`, { name: "x" })).toMatchObject(no(404, "not_found"));
});
