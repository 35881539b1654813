import { beforeAll, describe, expect, test } from "vitest";
import { scopeOf } from "../src/access/allow.ts";
import type { Endpoint } from "../src/http/endpoint.ts";
import { allEndpoints, resourceTypes } from "../src/management/all-resources.ts";
import { EXPECTED } from "./authorization-matrix/expected.ts";
import { CALLERS, type Caller, COLUMNS, type Column } from "./authorization-matrix/names.ts";
import { OBJECTS } from "./authorization-matrix/objects.ts";
import { bodyFor, subjectOf, urlFor } from "./authorization-matrix/requests.ts";
import { expectedStatus } from "./authorization-matrix/verdict.ts";
import { buildWorld, type World } from "./authorization-matrix/world.ts";
import type { Api } from "./support/api.ts";
import { useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();
let world: World;

beforeAll(async () => {
  world = await buildWorld(guildhall);
}, 120_000);

const nameOf = ({ method, path }: Endpoint) => `${method} ${path}`;
const rowOf = (endpoint: Endpoint) => {
  const row = EXPECTED[nameOf(endpoint)];
  if (row === undefined) throw new Error(`the matrix has no row for ${nameOf(endpoint)}`);
  return row;
};

test("the matrix has exactly one row per endpoint", () => {
  expect(Object.keys(EXPECTED).sort()).toEqual(allEndpoints.map(nameOf).sort());
});

/** The status in each column, by caller. */
type Table = Partial<Record<Caller, Partial<Record<Column, number>>>>;

describe("who may call", () => {
  test.each(allEndpoints.map((endpoint) => [nameOf(endpoint), endpoint] as const))(
    "%s answers each caller, for each kind of object, as the matrix says",
    async (_, endpoint) => {
      const row = rowOf(endpoint);
      const [actual, expected]: [Table, Table] = [{}, {}];
      const columns = subjectOf(endpoint) === undefined ? (["own"] as const) : COLUMNS;
      await Promise.all(
        columns.map(async (column) => {
          for (const [caller, status] of await answersIn(endpoint, column)) {
            actual[caller] = { ...actual[caller], [column]: status };
            expected[caller] = {
              ...expected[caller],
              [column]: expectedStatus(endpoint, row, caller, column),
            };
          }
        }),
      );
      expect(actual).toEqual(expected);
    },
    120_000,
  );
});

/**
 * Asks as every caller for one object, which is replaced once somebody has changed it, or where each caller has their
 * own.
 */
async function answersIn(endpoint: Endpoint, column: Column): Promise<Array<[Caller, number]>> {
  const subject = subjectOf(endpoint);
  const isPersonal = rowOf(endpoint).foreign !== undefined;
  const answers: Array<[Caller, number]> = [];
  let id: string | undefined;
  for (const caller of CALLERS) {
    const cell = { world, column, caller };
    if (subject !== undefined) id ??= await OBJECTS[subject]?.(cell);
    if (subject !== undefined && id === undefined) continue;
    const api = await world.speakAs(caller, scopeOf(endpoint.allow));
    const { status } = await send(api, endpoint, id ?? "", await bodyFor(endpoint, cell, id ?? ""));
    answers.push([caller, status]);
    if (isPersonal || (endpoint.method !== "GET" && status < 300)) id = undefined;
  }
  return answers;
}

function send(api: Api, endpoint: Endpoint, id: string, body: object | undefined) {
  const { method } = endpoint;
  const url = urlFor(endpoint, id);
  const methods = { GET: api.get, DELETE: api.delete, POST: api.post, PUT: api.put, PATCH: api.patch };
  return method === "GET" || method === "DELETE" ? methods[method](url) : methods[method](url, body);
}

describe("a list shows exactly what its caller may read by id", () => {
  test.each(resourceTypes.map(({ type, path }) => [path, type]))(
    "/api/%s",
    async (path, type) => {
      const [list, single] = ["", "/:id"].map((rest) =>
        allEndpoints.find((endpoint) => nameOf(endpoint) === `GET /api/${path}${rest}`),
      );
      if (list === undefined || single === undefined) throw new Error(`${path} can't be read`);
      for (const caller of CALLERS.filter((name) => expectedStatus(list, rowOf(list), name, "own") === 200)) {
        const api = await world.speakAs(caller, scopeOf(single.allow));
        for (const column of COLUMNS) {
          const id = await OBJECTS[type]?.({ world, column, caller });
          if (id === undefined) continue;
          const readable = expectedStatus(single, rowOf(single), caller, column) === 200;
          const { body } = await api.get(`/api/${path}?sort=-id&page[size]=5`);
          const ids = body.data.map((resource: { id: string }) => resource.id);
          expect(ids.includes(id), `${caller} sees ${column}`).toBe(readable);
        }
      }
    },
    120_000,
  );
});
