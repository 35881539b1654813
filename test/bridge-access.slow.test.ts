import { beforeAll, describe, expect, test } from "vitest";
import { callersOf, scopeOf } from "../src/access/allow.ts";
import { allBridgeEndpoints } from "../src/bridge/all-bridge-endpoints.ts";
import type { Endpoint } from "../src/http/endpoint.ts";
import { buildWorld, type World } from "./authorization-matrix/world.ts";
import { type Column, requestFor } from "./bridge-access/requests.ts";
import { CALLERS, type Caller, PEOPLE, type Row, TABLE, type Verdict } from "./bridge-access/table.ts";
import type { Api } from "./support/api.ts";
import { useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();
let world: World;

beforeAll(async () => {
  world = await buildWorld(guildhall);
}, 120_000);

const nameOf = ({ method, path }: Endpoint) => `${method} ${path.replace("/bridge-payment", "")}`;
const rowOf = (endpoint: Endpoint): Row => {
  const row = TABLE[nameOf(endpoint)];
  if (row === undefined) throw new Error(`the table has no row for ${nameOf(endpoint)}`);
  return row;
};

test("the table has exactly one row per endpoint of the Bridge API", () => {
  expect(Object.keys(TABLE).sort()).toEqual(allBridgeEndpoints.map(nameOf).sort());
  for (const endpoint of allBridgeEndpoints)
    expect(callersOf(endpoint.allow), nameOf(endpoint)).toBe(rowOf(endpoint).who);
});

/** The status a caller must get, by the row and the general rules. */
function expectedStatus(endpoint: Endpoint, caller: Caller, column: Column): number {
  const verdict = verdictOf(rowOf(endpoint), caller, column);
  return verdict === "ok" ? endpoint.answers.status : verdict;
}

function verdictOf({ who, shared, personal }: Row, caller: Caller, column: Column): Verdict | 401 {
  if (caller === "anonymous") return 401;
  if (caller === "clientWithoutScope") return 403;
  // A program sees everyone's, if it is let in at all.
  if (caller === "operator" || caller === "clientWithScope") return who === "user" ? 403 : "ok";
  return (column === "personal" ? personal : shared[PEOPLE.indexOf(caller)]) ?? 404;
}

describe("who may call:", () => {
  test.each(allBridgeEndpoints.map((endpoint) => [nameOf(endpoint), endpoint] as const))(
    "%s answers each caller as the table says, shared or personal",
    async (_, endpoint) => {
      const columns: Column[] = rowOf(endpoint).personal === undefined ? ["shared"] : ["shared", "personal"];
      const actual: Record<string, number> = {};
      const expected: Record<string, number> = {};
      for (const column of columns) {
        for (const caller of CALLERS) {
          const cell = { world, team: world.teams.own, column, caller };
          const { url, body } = await requestFor(endpoint, cell);
          const api = await world.speakAs(caller, scopeOf(endpoint.allow));
          const name = `${caller}, ${column}`;
          actual[name] = (await send(api, endpoint, url, body)).status;
          expected[name] = expectedStatus(endpoint, caller, column);
        }
      }
      expect(actual).toEqual(expected);
    },
    60_000,
  );
});

function send(api: Api, { method }: Endpoint, url: string, body: object | undefined) {
  if (method === "GET") return api.get(url);
  if (method === "DELETE") return api.delete(url);
  return { POST: api.post, PUT: api.put, PATCH: api.patch }[method](url, body);
}

describe("without organization_id", () => {
  const lists = allBridgeEndpoints.filter(
    ({ method, path, allow }) =>
      method === "GET" && allow.kind === "member" && allow.orOwn && !path.endsWith("/:id"),
  );

  test.each(lists.map((endpoint) => [nameOf(endpoint), endpoint] as const))(
    "%s shows the caller's own, and no one else's or shared",
    async (_, endpoint) => {
      const read = allBridgeEndpoints.find(
        ({ method, path }) => method === "GET" && path === `${endpoint.path}/:id`,
      );
      const team = world.teams.own;
      const idIn = async (column: Column) => {
        const { url } = await requestFor(read as Endpoint, { world, team, column, caller: "owner" });
        return url.split("/").at(-1) ?? "";
      };
      const [shared, personal] = [await idIn("shared"), await idIn("personal")];
      const seenBy = async (token: string) => {
        const { body } = await guildhall.api.as(token).get(`${endpoint.path}?limit=50`);
        return body.data
          .map(({ id }: { id: string }) => id)
          .filter((id: string) => [shared, personal].includes(id));
      };
      expect(await seenBy(world.people.owner.token)).toEqual([]);
      expect(await seenBy(team.fellow.token)).toEqual([personal]);
    },
  );
});
