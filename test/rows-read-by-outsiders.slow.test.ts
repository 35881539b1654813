import { beforeAll, describe, expect, test } from "vitest";
import type { z } from "zod";
import { callersOf } from "../src/access/allow.ts";
import { createSession } from "../src/access/create-session.ts";
import { allBridgeEndpoints } from "../src/bridge/all-bridge-endpoints.ts";
import { SYSTEM } from "../src/events/record-events.ts";
import type { Endpoint } from "../src/http/endpoint.ts";
import type { ResourceType } from "../src/json-api/resource-type.ts";
import { allEndpoints, resourceTypes } from "../src/management/all-resources.ts";
import { DELIVERY_STATUSES } from "../src/management/invitation-filters.ts";
import type { Api } from "./support/api.ts";
import { buildPerson } from "./support/builders.ts";
import { fillEnvironment, LARGE } from "./support/crowd.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { buildWorld, type World } from "./support/one-of-everything.ts";
import { readingsOf } from "./support/rows-read.ts";

/** In an environment with 100,000 rows per table: the rows and blocks that one statement of a list may read. */
const ROWS = 1_000;
const BLOCKS = 4_000;

const guildhall = useGuildhall({ fresh: true });
/** One of everything, in a small organization. */
let world: World;
let callers: Record<"an outsider" | "the owner of a small organization", Api>;
let ownerOfLarge: Api;

beforeAll(async () => {
  // There are hundreds of requests, each of which a person might send.
  guildhall.context.limiter.count = () => {};
  world = await buildWorld(guildhall);
  const outsider = await buildPerson(guildhall);
  const { environment_id } = world.organization;
  await fillEnvironment(guildhall, environment_id);
  callers = {
    "an outsider": guildhall.api.as(outsider.token),
    "the owner of a small organization": guildhall.api.as(world.owner.token),
  };
  const session = await createSession(guildhall.context, { environment_id, user_id: LARGE.owner }, SYSTEM);
  ownerOfLarge = guildhall.api.as(session.token);
}, 300_000);

/** Values for filters that take any text: very common ones, and unknown ones. */
const common: Record<string, string> = {
  organization: LARGE.organization,
  owner: LARGE.owner,
  user: LARGE.owner,
  inviter: LARGE.owner,
  role: LARGE.role,
  search: "example.com",
  type: "invitation.created",
};

/** A list, and the list with each of its parameters. */
function questionsFor(endpoint: Endpoint): string[] {
  const { shape } = endpoint.query as unknown as z.ZodObject;
  const type = resourceTypes.find(({ type: name }) => name === typeListedBy(endpoint));
  const parameters = Object.entries(shape).flatMap(([name, schema]) =>
    valuesOf(name, schema as z.ZodType, type).map((value) => `${name}=${encodeURIComponent(value)}`),
  );
  return ["", ...parameters];
}

function valuesOf(name: string, schema: z.ZodType, type: ResourceType | undefined): string[] {
  if (name.startsWith("fields[") || /^(page|limit|offset)\b/.test(name)) return [];
  if (name === "include") return Object.keys(type?.relationships ?? {});
  if (name === "filter[delivery_status]") return [...DELIVERY_STATUSES, "failed,sent"];
  const words = wordsOf(schema);
  if (words.length > 0) return words;
  if (name.includes("email")) return ["crowd5@example.com"];
  if (name === "organization_id") return [world.organization.id];
  if (name.startsWith("created_at")) return ["2020-01-01"];
  if (name.startsWith("filter[created_")) return ["2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"];
  const value = common[name.replace(/^filter\[(.*)\]$/, "$1")];
  return value === undefined ? ["nothing"] : ["nothing", value];
}

/** The values of a parameter with an enumeration. */
function wordsOf(schema: z.ZodType): string[] {
  const { type, innerType, entries } = schema.def as unknown as {
    type: string;
    innerType?: z.ZodType;
    entries?: Record<string, string>;
  };
  if (innerType !== undefined) return wordsOf(innerType);
  return type === "enum" ? Object.values(entries ?? {}) : [];
}

function typeListedBy({ answers }: Endpoint): string | undefined {
  const { data } = answers;
  return data?.holds === "collection" || (data?.holds === "linkage" && data.many) ? data.type : undefined;
}

const lists = [
  ...allEndpoints.filter(
    (endpoint) =>
      endpoint.method === "GET" &&
      typeListedBy(endpoint) !== undefined &&
      !["operator", "program"].includes(callersOf(endpoint.allow)),
  ),
  ...allBridgeEndpoints.filter(
    ({ method, answers }) => method === "GET" && answers.records?.holds === "page",
  ),
];

/** The id in a list's path, in the small organization; a Bridge path has its organization's. */
function pathOf({ path }: Endpoint): string {
  return path.replace(":id", world.ids[path.split("/")[2] ?? ""] ?? "");
}

test("the lists of both APIs are measured, top-level and nested", () => {
  expect(lists.map(({ path }) => path)).toEqual(
    expect.arrayContaining([
      "/api/invitations",
      "/api/organizations/:id/memberships",
      "/api/organizations/:id/relationships/memberships",
      "/bridge-payment/organizations/:id/members",
      "/bridge-payment/payments",
    ]),
  );
});

describe("rows read for a list don't grow with the environment", () => {
  test.each(lists.map((endpoint) => [endpoint.path, endpoint] as const))(
    "%s",
    async (_, endpoint) => {
      const excesses: string[] = [];
      for (const [name, api] of Object.entries(callers))
        for (const question of questionsFor(endpoint)) {
          const found = await excessesOf(api, `${pathOf(endpoint)}?${question}`);
          excesses.push(...found.map((excess) => `${name}: ${excess}`));
        }
      expect(excesses).toEqual([]);
    },
    300_000,
  );
});

describe("rows read for a large organization's owner are about one page", () => {
  test.each([
    "/api/invitations",
    "/api/invitations?filter[status]=expired",
    "/api/deliveries",
    "/api/deliveries?filter[state]=failed",
    "/api/invitations?filter[created_since]=2100-01-01T00:00:00Z",
    "/api/invitations?filter[created_until]=2100-01-01T00:00:00Z",
    "/api/memberships",
    "/api/memberships?sort=created_at",
    "/api/membership-roles",
    "/api/events",
    "/api/events?sort=-created_at",
    "/api/events?filter[type]=nothing",
    `/api/organizations/${LARGE.organization}/memberships`,
    `/bridge-payment/organizations/${LARGE.organization}/members?role=owner`,
    `/bridge-payment/organizations/${LARGE.organization}/members?role=billing`,
  ])("%s", async (url) => {
    expect(await excessesOf(ownerOfLarge, url)).toEqual([]);
  });
});

test("a page of a large organization's members counts no more than 10,000 others", async () => {
  const url = `/bridge-payment/organizations/${LARGE.organization}/members`;
  const readings = await readingsOf(guildhall.db, async () => {
    const { body } = await ownerOfLarge.get(url);
    expect(body.meta.pagination).toEqual({ total: 10_020, page: 1, pageSize: 20, totalPages: 501 });
  });
  expect(Math.max(...readings.map(({ rows }) => rows))).toBeLessThan(10_000 + ROWS);
  expect(Math.max(...readings.map(({ blocks }) => blocks))).toBeLessThan(BLOCKS);
});

test.each([
  ["users", "rowd77777@"],
  ["memberships", "rowd77777@"],
  ["invitations", "vited77777@"],
  ["organizations", "rowd 444"],
])("a program that searches %s reads what it finds, and scans no table", async (path, wanted) => {
  const url = `/api/${path}?filter[search]=${encodeURIComponent(wanted)}`;
  const before = await wholeReads();
  expect((await guildhall.api.get(url)).body.data).toHaveLength(1);
  expect(await excessesOf(guildhall.api, url)).toEqual([]);
  expect(await wholeReads()).toEqual(before);
});

/** The number of sequential scans of each table that is searched. */
async function wholeReads() {
  await guildhall.db.raw("select pg_stat_force_next_flush()");
  return guildhall
    .db("pg_stat_user_tables")
    .whereIn("relname", ["users", "memberships", "invitations", "search_entries"])
    .orderBy("relname")
    .select("relname", "seq_scan");
}

/** The reads beyond the limits, by statement. */
async function excessesOf(api: Api, url: string): Promise<string[]> {
  const readings = await readingsOf(guildhall.db, async () => {
    const { status, body } = await api.get(url);
    expect([200, 403, 404], `${url}: ${JSON.stringify(body)}`).toContain(status);
  });
  return readings
    .filter(({ rows, blocks }) => rows > ROWS || blocks > BLOCKS)
    .map(({ sql, rows, blocks }) => `${url} meets ${rows} rows, ${blocks} blocks: ${sql}`);
}
