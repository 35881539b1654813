import { beforeAll, describe, expect, test } from "vitest";
import { newId } from "../src/lib/id.ts";
import { buildEnvironment, buildOrganization, buildPerson } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();

const LARGE = { note: "x".repeat(8_000) };

/** An organization with so many invitations and members, whose metadata is about as large as it may be. */
async function buildLarge(invitations: number, members = 0): Promise<string> {
  const { environment_id, id: organization_id } = await buildOrganization(
    guildhall,
    await buildPerson(guildhall),
  );
  const many = (count: number) => Array.from({ length: count }, (_, n) => newId("user") + n);
  const sent = many(invitations).map((email) => ({
    ...{ id: newId("inv"), environment_id, organization_id, expires_at: "2099-01-01", metadata: LARGE },
    ...{ email, email_canonical: email },
  }));
  const people = many(members).map((email) => ({
    ...{ id: newId("user"), environment_id, metadata: LARGE, email, email_canonical: email },
  }));
  await guildhall.db.batchInsert("invitations", sent, 100);
  await guildhall.db.batchInsert("users", people, 100);
  await guildhall.db.batchInsert(
    "memberships",
    people.map((user) => ({ id: newId("orguser"), environment_id, organization_id, user_id: user.id })),
    100,
  );
  return organization_id;
}

describe("a page of large rows", () => {
  const HANDLE = "large-rows";
  const list = "/api/organizations?page[size]=100";
  let ids: string[];

  beforeAll(async () => {
    const environment_id = await buildEnvironment(guildhall, HANDLE);
    ids = Array.from({ length: 150 }, () => newId("org")).sort();
    const rows = ids.map((id) => ({ id, environment_id, name: id, metadata: LARGE, public_metadata: LARGE }));
    await guildhall.db.batchInsert("organizations", rows, 100);
  });

  /** The ids on each page, starting from a link. */
  async function walk(from: string, link: "next" | "prev"): Promise<string[][]> {
    const pages: string[][] = [];
    for (let url: string | null = from; url !== null; ) {
      const { body } = await guildhall.api.in(HANDLE).get(url);
      expect(JSON.stringify(body).length).toBeLessThan(1_500_000);
      pages.push(body.data.map(({ id }: { id: string }) => id));
      url = body.links[link];
    }
    return pages;
  }

  test("a page ends early at 1 MB, and next links reach every row once", async () => {
    const pages = await walk(list, "next");
    expect(pages.map(({ length }) => length)).toEqual([61, 61, 28]);
    expect(pages.flat()).toEqual(ids);
  });

  test("can also be read in descending order and backwards", async () => {
    expect((await walk(`${list}&sort=-name`, "next")).flat()).toEqual(ids.toReversed());
    const first = await guildhall.api.in(HANDLE).get(`${list}&sort=-id`);
    expect(first.body.data).toHaveLength(61);
    const { body } = await guildhall.api.in(HANDLE).get(first.body.links.next);
    const back = await walk(body.links.prev, "prev");
    expect(back.toReversed().flat()).toEqual(ids.toReversed().slice(0, 61));
  });

  test("is full if its large fields aren't requested", async () => {
    const { body } = await guildhall.api.in(HANDLE).get(`${list}&fields[organization]=name,metadata`);
    expect(body.data).toHaveLength(100);
  });
});

describe("included resources", () => {
  const tooLarge = refusal(400, "include_too_large", { parameter: "include" });

  test("included resources above 2 MB need fewer fields", async () => {
    const url = `/api/organizations/${await buildLarge(300)}?include=invitations`;
    expect(await guildhall.api.get(url)).toMatchObject(tooLarge);
    const { status, body } = await guildhall.api.get(`${url}&fields[invitation]=email,status`);
    expect({ status, rows: body.included.length }).toEqual({ status: 200, rows: 300 });
  });

  test("are counted over all relationships and levels together", async () => {
    const path = `/api/organizations/${await buildLarge(150, 150)}`;
    expect((await guildhall.api.get(`${path}?include=invitations`)).status).toBe(200);
    expect((await guildhall.api.get(`${path}?include=memberships.user`)).status).toBe(200);
    expect(await guildhall.api.get(`${path}?include=invitations,memberships.user`)).toMatchObject(tooLarge);
  });
});

test.each([
  ["organizations", "?fields[organization]=name"],
  ["users", "?fields[user]=email"],
  ["memberships", "?fields[membership]=user"],
  ["invitations", "?fields[invitation]=email"],
])("the metadata of %s is read from the database only where it is shown", async (table, fields) => {
  const read = async (url: string) => {
    const statements: string[] = [];
    const listen = ({ sql }: { sql: string }) => statements.push(sql);
    guildhall.db.on("query", listen);
    await guildhall.api.get(url);
    guildhall.db.off("query", listen);
    return statements.some((sql) => sql.includes(`"${table}"."metadata"`) || sql.includes(`"${table}".*`));
  };
  expect(await read(`/api/${table}${fields},metadata`)).toBe(true);
  expect(await read(`/api/${table}${fields}`)).toBe(false);
});
