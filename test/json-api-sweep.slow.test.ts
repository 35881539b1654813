import { beforeAll, expect, test } from "vitest";
import type { Endpoint } from "../src/http/endpoint.ts";
import { allEndpoints, resourceTypes } from "../src/management/all-resources.ts";
import { buildPerson } from "./support/builders.ts";
import { OPERATOR_TOKEN, useGuildhall } from "./support/guildhall.ts";
import { buildWorld } from "./support/one-of-everything.ts";

const guildhall = useGuildhall();
/** One row of everything, by its collection. */
let ids: Record<string, string>;

beforeAll(async () => {
  ({ ids } = await buildWorld(guildhall));
  // Accepted, so that even a valid request changes nothing.
  const { email } = await guildhall.db("invitations").where({ id: ids.invitations }).first("email");
  const { user } = await buildPerson(guildhall, { email });
  await guildhall.api.post(`/api/invitations/${ids.invitations}/accept`, { meta: { user_id: user.id } });
});

/** The fault of a request: in its path, its headers or its body. */
interface Flaw {
  headers?: Record<string, string>;
  suffix?: string;
  id?: string;
  body?: string | Uint8Array;
}

const JSON_API = "application/vnd.api+json";
const data = (resource: object) => ({ body: JSON.stringify({ data: resource }) });
const meta = (value: unknown) => ({ body: JSON.stringify({ meta: value }) });

const requestFlaws: Record<string, Flaw> = {
  "no credential": { headers: { Authorization: "" } },
  "an unknown bearer token": { headers: { Authorization: "Bearer nobody" } },
  "an unknown scheme": { headers: { Authorization: "Digest x" } },
  "an unknown session": { headers: { Authorization: "", "X-Session-ID": "nobody" } },
  "an Accept of another type": { headers: { Accept: "image/png" } },
  "an Accept with a charset": { headers: { Accept: `${JSON_API}; charset=utf-8` } },
  "an unknown parameter": { suffix: "?colour=red" },
  "a parameter called __proto__": { suffix: "?__proto__=1" },
  "a repeated parameter": { suffix: "?page[size]=1&page[size]=1" },
  "a page of nothing": { suffix: "?page[size]=0" },
  "a parameter with NUL": { suffix: "?filter[name]=%00" },
  "a sort of its own": { suffix: "?sort=colour" },
  "a cursor of its own": { suffix: "?page[after]=none" },
  "an inclusion of its own": { suffix: "?include=__proto__" },
  "a longer path": { suffix: "/more/of/it" },
};

const idFlaws: Record<string, Flaw> = {
  "an invalid id": { id: "none" },
  "an id of SQL": { id: "'%20or%201=1%20--" },
  "an id of NUL": { id: "%00" },
  "an id that is a bad escape": { id: "%zz" },
  "an id of 3000 characters": { id: "x".repeat(3_000) },
  "an id of nothing there is": { id: "org_01h2xcejqtf2nbrexx3vqjhp41" },
};

const bodyFlaws: Record<string, Flaw> = {
  "an empty body": { body: "" },
  "half a body": { body: '{"data":{' },
  "a body of null": { body: "null" },
  "a body of a number": { body: "42" },
  "a body of text": { body: '"data"' },
  "a body of a list": { body: "[]" },
  "an empty object": { body: "{}" },
  "data of null": { body: '{"data":null}' },
  "data of a list": { body: '{"data":[{}]}' },
  "data of text": { body: '{"data":"x"}' },
  "data of nothing": data({}),
  "a type of a number": data({ type: 5 }),
  "an unknown type": data({ type: "nothing" }),
  "a client's id": data({ type: "nothing", id: "mine" }),
  __proto__: { body: '{"data":{"__proto__":{"type":"user"}}}' },
  "a NUL": { body: '{"data":{"type":"\\u0000"}}' },
  "a lone surrogate": { body: '{"meta":{"token":"\\ud800"}}' },
  "bytes that aren't UTF-8": { body: Uint8Array.of(0x7b, 0xff, 0x7d) },
  "100 levels": { body: "[".repeat(100) + "]".repeat(100) },
  "30000 levels": { body: "[".repeat(30_000) + "]".repeat(30_000) },
  "70 KiB": { body: `{"data":"${"x".repeat(70 * 1024)}"}` },
  "meta of a list": meta([]),
  "meta of text": meta("x"),
  "an unknown meta": meta({ colour: "red" }),
  "a token of a number": meta({ token: 5 }),
  "a user of an object": meta({ user_id: {} }),
  "another media type": { body: "{}", headers: { "Content-Type": "text/plain" } },
  "a charset": { body: "{}", headers: { "Content-Type": `${JSON_API}; charset=utf-8` } },
  "no media type": { body: "{}", headers: { "Content-Type": "" } },
};

/** A body with nothing right but the type. */
function resourceFlaws(type: string): Record<string, Flaw> {
  return {
    "no attributes": data({ type }),
    "attributes of null": data({ type, attributes: null }),
    "attributes of a list": data({ type, attributes: [] }),
    "attributes of text": data({ type, attributes: "x" }),
    "an unknown attribute": data({ type, attributes: { colour: "red" } }),
    "attributes of objects": data({ type, attributes: { name: {}, email: {}, handle: {}, metadata: 5 } }),
    "relationships of a list": data({ type, relationships: [] }),
    "an unknown relationship": data({ type, relationships: { friend: { data: null } } }),
    "relationships of lists": data({ type, relationships: { user: [], organization: [], owner: [] } }),
  };
}

function flawsOf({ method, path }: Endpoint): Record<string, Flaw> {
  return {
    ...requestFlaws,
    ...(path.includes(":id") ? idFlaws : {}),
    ...(method === "POST" || method === "PATCH" ? { ...bodyFlaws, ...resourceFlaws(typeOf(path)) } : {}),
  };
}

const collectionOf = (path: string) => path.split("/").find((part) => part !== "" && part !== "api") ?? "";
const typeOf = (path: string) =>
  resourceTypes.find((type) => type.path === collectionOf(path))?.type ?? "nothing";

/** An action that reads no body would succeed, so its id is unknown. */
function urlOf({ method, path, body }: Endpoint, { id, suffix = "" }: Flaw): string {
  const readsNothing = method !== "GET" && body === undefined;
  const target = readsNothing ? "none" : (ids[collectionOf(path)] ?? "");
  return guildhall.api.origin + path.replace(":id", id ?? target) + suffix;
}

/** @returns the problem of the answer; undefined for a correct refusal. */
async function complaint(endpoint: Endpoint, flaw: Flaw): Promise<string | undefined> {
  const headers: Record<string, string> = {
    Authorization: `Bearer ${OPERATOR_TOKEN}`,
    "X-Environment": "acme-test",
    ...(flaw.body === undefined ? {} : { "Content-Type": JSON_API }),
    ...flaw.headers,
  };
  const { method } = endpoint;
  const answer = await fetch(urlOf(endpoint, flaw), { method, headers, body: flaw.body ?? null });
  const text = await answer.text();
  if (answer.status < 400 || answer.status >= 500) return `${answer.status} ${text}`;
  if (answer.headers.get("Content-Type") !== JSON_API) return `no JSON:API: ${text}`;
  const { errors, meta } = JSON.parse(text);
  const requestId = answer.headers.get("X-Request-Id");
  const sound =
    errors.length > 0 &&
    meta.request_id === requestId &&
    errors.every(
      (error: { id: string; status: string; code: string }) =>
        error.id === requestId && error.status === String(answer.status) && /^[a-z_]+$/.test(error.code),
    );
  return sound ? undefined : `no error document: ${text}`;
}

/** Every row of every table, as one number per table. */
async function fingerprint(): Promise<Record<string, string>> {
  const tables: string[] = await guildhall.db("pg_tables").where({ schemaname: "public" }).pluck("tablename");
  const prints: Record<string, string> = {};
  for (const table of tables) {
    const sql = "select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) as print from ?? t";
    prints[table] = (await guildhall.db.raw(sql, [table])).rows[0].print;
  }
  return prints;
}

test.each(allEndpoints.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint] as const))(
  "%s answers malformed requests with a 4xx in JSON:API, changing nothing",
  async (_, endpoint) => {
    const before = await fingerprint();
    const complaints: string[] = [];
    for (const [name, flaw] of Object.entries(flawsOf(endpoint))) {
      const problem = await complaint(endpoint, flaw);
      if (problem !== undefined) complaints.push(`${name}: ${problem}`);
    }
    expect(complaints).toEqual([]);
    expect(await fingerprint()).toEqual(before);
  },
);
