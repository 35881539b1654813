import { beforeAll, describe, expect, test } from "vitest";
import { callersOf, scopeOf } from "../src/access/allow.ts";
import { allBridgeEndpoints } from "../src/bridge/all-bridge-endpoints.ts";
import type { Endpoint } from "../src/http/endpoint.ts";
import { allEndpoints } from "../src/management/all-resources.ts";
import { openapiDocument } from "../src/reference/openapi-document.ts";
import type { Method } from "../src/reference/openapi-types.ts";
import { OBJECTS } from "./authorization-matrix/objects.ts";
import { bodyFor, subjectOf, urlFor } from "./authorization-matrix/requests.ts";
import { buildWorld, type World } from "./authorization-matrix/world.ts";
import { requestFor } from "./bridge-access/requests.ts";
import type { ApiAnswer } from "./support/api.ts";
import { unique } from "./support/builders.ts";
import { checksum } from "./support/checksum.ts";
import { useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();
let world: World;
/** The queues woken up since a test looked. */
let wakeUps: string[] = [];

beforeAll(async () => {
  guildhall.context.queues.wakeUp = (queue) => void wakeUps.push(queue);
  world = await buildWorld(guildhall);
}, 120_000);

const nameOf = ({ method, path }: Endpoint) => `${method} ${path}`;
const changing = [...allEndpoints, ...allBridgeEndpoints]
  .filter(({ method }) => method !== "GET")
  .map((endpoint) => [nameOf(endpoint), endpoint] as const);

/** After this request its caller has no right to repeat it: the refusal comes before the stored answer. */
const ENDS_THE_RIGHT = "POST /bridge-payment/organizations/:id/transfer-ownership";

/** A request by a caller who may send it, about an object made for it. */
async function prepared(
  endpoint: Endpoint,
): Promise<(headers: Record<string, string>) => Promise<ApiAnswer>> {
  const { allow, path, method } = endpoint;
  const caller = callersOf(allow) !== "user" ? "operator" : path.endsWith("/leave") ? "member" : "owner";
  const api = await world.speakAs(caller, scopeOf(allow));
  const { url, body } = await requestTo(endpoint, caller);
  return (headers) => {
    if (method === "DELETE") return api.delete(url, headers);
    const send = method === "PUT" ? api.put : method === "PATCH" ? api.patch : api.post;
    return send(url, body, headers);
  };
}

async function requestTo(endpoint: Endpoint, caller: "operator" | "owner" | "member") {
  if (endpoint.path.startsWith("/bridge-payment/"))
    return requestFor(endpoint, { world, team: world.teams.own, column: "shared", caller });
  const cell = { world, column: "own", caller } as const;
  const subject = subjectOf(endpoint);
  const id = (subject && (await OBJECTS[subject]?.(cell))) ?? "";
  return { url: urlFor(endpoint, id), body: await bodyFor(endpoint, cell, id) };
}

describe("sent twice with an Idempotency-Key", () => {
  test.each(changing)("it is done once and answered the same: %s", async (name, endpoint) => {
    const send = await prepared(endpoint);
    const key = { "Idempotency-Key": unique("key") };
    const first = await send(key);
    expect(first.status, JSON.stringify(first.body)).toBe(endpoint.answers.status);
    expect(first.headers.get("Idempotency-Replayed")).toBeNull();
    const done = await checksum(guildhall.db);
    wakeUps = [];

    const second = await send(key);
    expect(await checksum(guildhall.db)).toBe(done);
    expect(wakeUps).toEqual([]);
    if (name === ENDS_THE_RIGHT) return expect(second.status).toBe(403);
    const { secret } = endpoint.answers;
    expect(second.body).toEqual(secret ? { ...first.body, meta: {} } : first.body);
    expect(second.status).toBe(first.status);
    expect(second.headers.get("Location")).toBe(first.headers.get("Location"));
    expect(second.headers.get("Idempotency-Replayed")).toBe("true");
  });
});

describe("if the answer can't be stored", () => {
  beforeAll(async () => {
    await guildhall.db.raw(`
      create function refuse_to_keep() returns trigger language plpgsql as
        $$ begin raise exception 'as if the process had died' using errcode = '57P01'; end $$;
      create trigger refuse_to_keep before insert on idempotency_keys for each row execute function refuse_to_keep()`);
  });

  test.each(changing)("nothing is done and no worker is woken: %s", async (_, endpoint) => {
    const send = await prepared(endpoint);
    const before = await checksum(guildhall.db);
    wakeUps = [];
    expect((await send({ "Idempotency-Key": unique("key") })).status).toBe(503);
    expect(await checksum(guildhall.db)).toBe(before);
    expect(wakeUps).toEqual([]);
    // Without a key it works.
    expect((await send({})).status).toBe(endpoint.answers.status);
  });
});

test("the OpenAPI document lists the header and its errors where it matters", () => {
  const { paths, components } = openapiDocument();
  const $ref = "#/components/parameters/IdempotencyKey";
  for (const endpoint of [...allEndpoints, ...allBridgeEndpoints]) {
    const path = endpoint.path.replaceAll(/:(\w+)/g, "{$1}");
    const operation = paths[path]?.[endpoint.method.toLowerCase() as Method];
    const keyed = operation?.parameters?.some((parameter) => "$ref" in parameter && parameter.$ref === $ref);
    expect(keyed, nameOf(endpoint)).toBe(endpoint.method !== "GET");
    if (keyed)
      expect(Object.keys(operation?.responses ?? {})).toEqual(expect.arrayContaining(["400", "409", "422"]));
  }
  expect(components.parameters.IdempotencyKey).toMatchObject({ name: "Idempotency-Key", in: "header" });
});
