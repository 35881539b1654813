import { beforeAll, describe, expect, test } from "vitest";
import { openDatabase } from "../src/db/connection.ts";
import { parameter, preparedQuery } from "../src/db/prepared-query.ts";
import { buildMember, buildOrganization, buildPerson, type Person } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();

interface Team {
  owner: Person;
  organization: { id: string };
}

let teams: [Team, Team];

beforeAll(async () => {
  const build = async (): Promise<Team> => {
    const owner = await buildPerson(guildhall);
    const organization = await buildOrganization(guildhall, owner);
    await buildMember(guildhall, organization, "member");
    return { owner, organization };
  };
  teams = [await build(), await build()];
});

/** The names of the statements that an answer sends, in order. */
async function statementsOf({ owner }: Team, url: string): Promise<Array<string | undefined>> {
  const names: Array<string | undefined> = [];
  const note = ({ options }: { options?: { name?: string } }) => void names.push(options?.name);
  guildhall.db.on("query", note);
  const { status, body } = await guildhall.api.as(owner.token).get(url);
  guildhall.db.removeListener("query", note);
  expect(status, JSON.stringify(body)).toBe(200);
  return names;
}

const since = { 0: "2020-01-01T00:00:00Z", 1: "2021-06-01T00:00:00%2B02:00" } as const;

/** Lists and single resources, with as many round trips as each may take. The first is always for the permissions. */
const reads: Array<[what: string, trips: number, url: (team: Team, n: 0 | 1) => string]> = [
  ["a list of memberships", 2, ({ organization: { id } }) => `/api/memberships?filter[organization]=${id}`],
  [
    "memberships with users and roles",
    4,
    ({ organization: { id } }) => `/api/memberships?filter[organization]=${id}&include=user,roles`,
  ],
  ["a search of users", 2, (_, n) => `/api/users?filter[search]=${["person", "grace"][n]}`],
  ["a page of users of any size", 2, (_, n) => `/api/users?sort=-created_at&page[size]=${[1, 7][n]}`],
  [
    "a list of invitations by address and time",
    2,
    (_, n) => `/api/invitations?filter[email]=person-${n}@example.com&filter[created_since]=${since[n]}`,
  ],
  ["one organization", 2, ({ organization: { id } }) => `/api/organizations/${id}`],
  ["the owner of an organization", 3, ({ organization: { id } }) => `/api/organizations/${id}/owner`],
  ["a list of members", 2, ({ organization: { id } }) => `/bridge-payment/organizations/${id}/members`],
  [
    "a list of members with a role",
    2,
    ({ organization: { id } }) => `/bridge-payment/organizations/${id}/members?role=member`,
  ],
  [
    "a page of members before the last, with its total",
    3,
    ({ organization: { id } }) => `/bridge-payment/organizations/${id}/members?limit=1`,
  ],
  ["a list of one's organizations", 2, () => "/bridge-payment/organizations"],
  [
    "a list of payments by text and time",
    2,
    ({ organization: { id } }, n) =>
      `/bridge-payment/payments?organization_id=${id}&search=${["a%", "b_"][n]}&created_at_to=${["2027-01-31", "2026-01-31T00:00:00Z"][n]}`,
  ],
];

describe("a read", () => {
  test.each(reads)("of %s sends %i prepared statements for any values", async (_, trips, url) => {
    const first = await statementsOf(teams[0], url(teams[0], 0));
    expect(first).toHaveLength(trips);
    expect(first.every((name) => name !== undefined)).toBe(true);
    expect(await statementsOf(teams[1], url(teams[1], 1))).toEqual(first);
  });
});

describe("a prepared query", () => {
  const find = preparedQuery("test", (db, { column }: { column: string }) => ({
    toKnexQuery() {
      built += 1;
      return db("users").select("id").where(column, parameter("value"));
    },
  }));
  let built = 0;

  test("is built once for all values of a shape", async () => {
    built = 0;
    for (const { owner } of teams) {
      const rows = await find(guildhall.db, { column: "id" }, { value: owner.user.id });
      expect(rows).toEqual([{ id: owner.user.id }]);
    }
    expect(built).toBe(1);
  });

  test("takes a value that is written like a parameter for text", async () => {
    const [{ owner }] = teams;
    const values = { value: parameter("other"), other: owner.user.id };
    await expect(find(guildhall.db, { column: "id" }, values)).rejects.toThrow("invalid byte sequence");
  });

  test("leaves a connection that has prepared 1,000 others", { timeout: 60_000 }, async () => {
    const url = guildhall.settings.DATABASE_URL ?? "";
    const db = openDatabase({ url, poolSize: 1, name: "test" });
    const name = preparedQuery("test-name", (knex, { n }: { n: number }) => ({
      toKnexQuery: () => knex("environments").select("id as id", `handle as handle_${n}`),
    }));
    for (let n = 0; n < 1_010; n += 1) await name(db, { n }, {});
    const { rows } = await db.raw("select count(*)::int as count from pg_prepared_statements");
    await db.destroy();
    expect(rows[0].count).toBeLessThan(20);
  });

  test("throws without a value", async () => {
    await expect(find(guildhall.db, { column: "email" }, {})).rejects.toThrow("needs value");
  });
});
