import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { JsonSchema } from "../src/lib/json-schema-of.ts";
import type { ApiAnswer } from "./support/api.ts";
import { buildTargets, expectFailure, type Targets, WITH_BODY } from "./support/bridge-targets.ts";
import { CUSTOMERS, create, no } from "./support/bridge-team.ts";
import { checksum } from "./support/checksum.ts";
import { OPERATOR_TOKEN, useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();
let targets: Targets;

beforeAll(async () => {
  targets = await buildTargets(guildhall);
  // These tests send more requests in a minute than anyone may.
  vi.spyOn(guildhall.context.limiter, "count").mockImplementation(() => {});
});

type Sent = NonNullable<RequestInit["body"]>;

/** Sends the body as it is, signed in unless the headers say otherwise. */
async function raw(
  { method, path, allow }: (typeof WITH_BODY)[number],
  body: Sent | null,
  headers: Record<string, string> = {},
): Promise<ApiAnswer> {
  const credential: Record<string, string> =
    allow.kind === "program"
      ? { Authorization: `Bearer ${OPERATOR_TOKEN}` }
      : { "X-Session-ID": targets.owner.token };
  const answer = await fetch(guildhall.api.origin + targets.pathOf({ path }), {
    method,
    headers: { "X-Environment": "acme-test", ...credential, ...headers },
    ...(body === null ? {} : { body }),
    ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
  });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}

const JSON_TYPE = { "Content-Type": "application/json" };
const bytes = (...values: number[]) => new Uint8Array(values);
const large = JSON.stringify({ metadata: { note: "x".repeat(64 * 1024) } });
const nested = (levels: number) => `{"metadata":${"[".repeat(levels)}${"]".repeat(levels)}}`;

/** Bodies that make no sense, and their refusals. */
const NONSENSE: Array<[what: string, body: Sent | null, headers: Record<string, string>, refusal: object]> = [
  ...["[]", "[{}]", '"x"', "1", "true", "null"].map((text): (typeof NONSENSE)[number] => [
    text,
    text,
    JSON_TYPE,
    no(400, "no_object"),
  ]),
  ...["{", "}", '{"a":}', "{'a':1}", "{a:1}", "{}{}", '{"a":1,}', " ", "x", '{"a":"\n"}', "{}\u0000"].map(
    (text): (typeof NONSENSE)[number] => [JSON.stringify(text), text, JSON_TYPE, no(400, "malformed_json")],
  ),
  ["__proto__", '{"__proto__":{"a":1}}', JSON_TYPE, no(400, "malformed_json")],
  ["__proto__ in other letters", '{"\\u005f_proto__":{"a":1}}', JSON_TYPE, no(400, "malformed_json")],
  ["__proto__ further in", '{"metadata":{"__proto__":1}}', JSON_TYPE, no(400, "malformed_json")],
  ["a constructor", '{"constructor":{"prototype":{}}}', JSON_TYPE, no(400, "malformed_json")],
  ["bytes that aren't text", bytes(0x7b, 0xff, 0x7d), JSON_TYPE, no(400, "malformed_body")],
  ["UTF-16", Buffer.from('{"a":1}', "utf16le"), JSON_TYPE, no(400, "malformed_json")],
  ["a NUL", '{"metadata":{"a":"\\u0000"}}', JSON_TYPE, no(400, "malformed_text")],
  ["a NUL in a name", '{"metadata":{"\\u0000":1}}', JSON_TYPE, no(400, "malformed_text")],
  ["half a letter", '{"metadata":{"a":"\\ud800"}}', JSON_TYPE, no(400, "malformed_text")],
  ["lists in lists", nested(21), JSON_TYPE, no(400, "too_deep")],
  ["lists in lists without end", nested(30_000), JSON_TYPE, no(400, "too_deep")],
  ["too much", large, JSON_TYPE, no(413, "body_too_large")],
  ["too much, of no length", new Blob([large]).stream(), JSON_TYPE, no(413, "body_too_large")],
  ["gzip", gzipSync("{}"), { ...JSON_TYPE, "Content-Encoding": "gzip" }, no(415, "unsupported_encoding")],
  ["what is called br", "{}", { ...JSON_TYPE, "Content-Encoding": "br" }, no(415, "unsupported_encoding")],
  ...[
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/vnd.api+json",
    "multipart/form-data; boundary=x",
    "application/jsonx",
    "application/json-patch+json",
    "json",
  ].map((type): (typeof NONSENSE)[number] => [
    type,
    "{}",
    { "Content-Type": type },
    no(415, "unsupported_media_type"),
  ]),
  ["no type", bytes(0x7b, 0x7d), {}, no(415, "unsupported_media_type")],
];

describe.each(WITH_BODY.map((endpoint) => [endpoint.method, endpoint.path, endpoint] as const))(
  "%s %s",
  (_method, _path, endpoint) => {
    test("refuses anything but a JSON object and changes nothing", async () => {
      const before = await checksum(guildhall.db);
      for (const [what, body, headers, refusal] of NONSENSE) {
        // A stream can be read once.
        const fresh = body instanceof ReadableStream ? new Blob([large]).stream() : body;
        const answer = await raw(endpoint, fresh, headers);
        expect(answer, what).toMatchObject(refusal);
        expectFailure(answer);
      }
      expect(await checksum(guildhall.db)).toBe(before);
    });

    test("refuses an unknown field by name", async () => {
      const before = await checksum(guildhall.db);
      for (const name of [
        "x",
        "Email",
        "environment_id",
        "toString",
        "hasOwnProperty",
        "a.b",
        "a/b",
        "",
        "ä",
        "$ne",
      ]) {
        const answer = await raw(endpoint, JSON.stringify({ [name]: 1 }), JSON_TYPE);
        expectFailure(answer);
        expect(answer, name).toMatchObject({ status: 422 });
        expect(answer.body.fields).toContainEqual(
          expect.objectContaining({ field: name.replaceAll("/", "."), code: "unknown_field" }),
        );
      }
      expect(await checksum(guildhall.db)).toBe(before);
    });

    const { properties = {} } = endpoint.body?.schema() ?? {};
    const known = Object.entries(properties as Record<string, JsonSchema>);
    test.each(known)("refuses a %s that has the wrong type or is too long, by name", async (name, schema) => {
      const before = await checksum(guildhall.db);
      for (const value of wrongFor(schema)) {
        const answer = await raw(endpoint, JSON.stringify({ [name]: value }), JSON_TYPE);
        expectFailure(answer);
        expect(answer.status, JSON.stringify(value).slice(0, 50)).toBe(422);
        expect(answer.body.fields).toContainEqual(
          expect.objectContaining({ field: name, code: "invalid_field" }),
        );
      }
      expect(await checksum(guildhall.db)).toBe(before);
    });

    test("doesn't tell callers who aren't signed in what is wrong with a body", async () => {
      const wrong = { "X-Session-ID": "sess_of_nobody" };
      const nobody = endpoint.allow.kind === "program" ? { Authorization: "Bearer of-nobody" } : wrong;
      for (const [body, headers] of [
        ["{}", JSON_TYPE],
        ["{", JSON_TYPE],
        [large, JSON_TYPE],
        ["{}", { "Content-Type": "text/plain" }],
      ] as const) {
        const answer = await raw(endpoint, body, { ...headers, ...nobody });
        expect(answer).toMatchObject(no(401, "unauthorized"));
        expectFailure(answer);
      }
    });
  },
);

/** Values of every type except the field's own, and a text that is too long for any field. */
function wrongFor(schema: JsonSchema): unknown[] {
  const types = [schema, ...((schema.anyOf as JsonSchema[] | undefined) ?? [])].map(({ type }) => type);
  const samples: Record<string, unknown> = { boolean: true, object: { $ne: null }, array: [[]] };
  const values = Object.entries(samples).flatMap(([type, value]) => (types.includes(type) ? [] : [value]));
  if (types.includes("string")) values.push("x".repeat(20_000), 1, 0.5);
  else values.push("", "1");
  if (types.includes("integer") || types.includes("number")) values.push(1.5, -1, 1e21);
  return values;
}

describe("a body", () => {
  const post = (body: string, headers: Record<string, string> = JSON_TYPE) => {
    const [endpoint] = WITH_BODY.filter(({ method, path }) => method === "POST" && path === CUSTOMERS.path);
    if (endpoint === undefined) throw new Error("no endpoint");
    return raw(endpoint, body, headers);
  };

  test("is JSON in any spelling of its type, with or without a charset", async () => {
    for (const type of [
      "application/json",
      "application/json; charset=utf-8",
      "Application/JSON;charset=UTF-8",
    ])
      expect(await post(JSON.stringify(CUSTOMERS.least()), { "Content-Type": type })).toMatchObject({
        status: 201,
      });
  });

  test("of 60 KiB is read, and its metadata refused for its size", async () => {
    const metadata = { note: "x".repeat(60 * 1024) };
    expect(await post(JSON.stringify({ ...CUSTOMERS.least(), metadata }))).toMatchObject(
      no(422, "invalid_field", "metadata"),
    );
  });

  test("in which a field comes twice is refused, since one value would be lost", async () => {
    const twice = '{"email":"first@example.com","name":"A","email":"last@example.com"}';
    expect(await post(twice)).toMatchObject(no(400, "duplicate_key"));
  });

  test("keeps metadata unchanged: unusual names, numbers, nulls, 18 levels", async () => {
    const metadata = JSON.parse(
      `{"":1,"a.b":[1,null,-0.5,1e100,true],"toString":"x","ключ":"🙂","deep":${"[".repeat(17)}${"]".repeat(17)}}`,
    );
    const { body } = await post(JSON.stringify({ ...CUSTOMERS.least(), metadata }));
    expect(body.data?.metadata, JSON.stringify(body)).toEqual(metadata);
    expect((await targets.api.get(`${CUSTOMERS.path}/${body.data.id}`)).body.data.metadata).toEqual(metadata);
  });

  test("isn't used where none is expected, but must be valid JSON", async () => {
    const { id } = await create(targets.api, CUSTOMERS);
    const path = `${guildhall.api.origin}${CUSTOMERS.path}/${id}`;
    const headers = { "X-Environment": "acme-test", "X-Session-ID": targets.owner.token };
    const wrong = await fetch(path, { method: "DELETE", headers: { ...headers, ...JSON_TYPE }, body: "{" });
    expect(wrong.status).toBe(400);
    const right = await fetch(path, {
      method: "DELETE",
      headers: { ...headers, ...JSON_TYPE },
      body: '{"x":1}',
    });
    expect(right.status).toBe(200);
  });
});
