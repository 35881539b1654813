import { beforeAll, describe, expect, test } from "vitest";
import { buildOrganization, buildPerson, invite, uniqueEmail } from "./support/builders.ts";
import { OPERATOR_TOKEN, useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();

beforeAll(async () => {
  await buildPerson(guildhall);
});

const JSON_API = "application/vnd.api+json";
const organization = () => ({ data: { type: "organization", attributes: { name: "Acme Corp" } } });
const withName = (json: string) => `{"data":{"type":"organization","attributes":{"name":${json}}}}`;

function create(document: unknown, headers: Record<string, string> = {}) {
  return guildhall.api.post("/api/organizations", document, headers);
}

/** Sends bytes that aren't text, or whose length isn't declared. */
async function createWith(body: Uint8Array | ReadableStream, headers: Record<string, string> = {}) {
  const credentials = { Authorization: `Bearer ${OPERATOR_TOKEN}`, "X-Environment": "acme-test" };
  const answer = await fetch(`${guildhall.api.origin}/api/organizations`, {
    method: "POST",
    headers: { ...credentials, "Content-Type": JSON_API, ...headers },
    body,
    duplex: "half",
  });
  return { status: answer.status, body: await answer.json() };
}

function countOrganizations(): Promise<number> {
  return guildhall.db("organizations").then((rows) => rows.length);
}

describe("a body", () => {
  test.each([
    ["that is cut off", '{"data":{'],
    ["with a trailing comma", '{"data":{},}'],
    ["in single quotes", "{'data':{}}"],
    ["that is two documents", "{}{}"],
    ["that is a form", "data=1"],
    ["that is white space", "  \n"],
    ["with __proto__", '{"data":{"type":"organization","attributes":{"name":"A","__proto__":{"admin":1}}}}'],
    ["with an escaped __proto__", '{"data":{"\\u005f_proto__":{}}}'],
    ["with a constructor's prototype", '{"meta":{"constructor":{"prototype":{"admin":true}}}}'],
  ])("%s is 400 malformed_json", async (_, body) => {
    expect(await create(body)).toMatchObject(refusal(400, "malformed_json"));
  });

  test.each([
    ["a NUL", withName('"a\\u0000b"')],
    ["a lone surrogate", withName('"a\\ud800b"')],
    [
      "a NUL in a key",
      '{"data":{"type":"organization","attributes":{"name":"A","metadata":{"a\\u0000":1}}}}',
    ],
    ["a surrogate pair the wrong way round", withName('"\\udc00\\ud800"')],
  ])("with %s, which Postgres can't store, is 400 malformed_text", async (_, body) => {
    expect(await create(body)).toMatchObject(refusal(400, "malformed_text"));
  });

  test("that isn't UTF-8 is 400 malformed_body", async () => {
    for (const bytes of [
      [0xff, 0xfe],
      [0xc0, 0xaf],
      [0xed, 0xa0, 0x80],
      [0x7b, 0x22, 0xe9, 0x22],
    ]) {
      expect(await createWith(Uint8Array.from(bytes))).toMatchObject(refusal(400, "malformed_body"));
    }
  });

  test("nested 20 levels deep is read, and any deeper is 400 too_deep", async () => {
    const nested = (levels: number) =>
      `{"data":{"type":"organization","attributes":{"name":"A","metadata":{"m":${"[".repeat(levels)}${"]".repeat(levels)}}}}}`;
    expect(await create(nested(17))).toMatchObject({ status: 201 });
    for (const levels of [18, 100, 30_000]) {
      expect(await create(nested(levels))).toMatchObject(refusal(400, "too_deep"));
    }
  });

  test("a body of 64 KiB is read, and one byte more is a 413", async () => {
    const sized = (bytes: number) => withName('"A"').padEnd(bytes);
    expect(await create(sized(64 * 1024))).toMatchObject({ status: 201 });
    expect(await create(sized(64 * 1024 + 1))).toMatchObject(refusal(413, "body_too_large"));
    expect(await create(sized(10_000_000))).toMatchObject(refusal(413, "body_too_large"));
    const unsized = new Blob([sized(200_000)]).stream();
    expect(await createWith(unsized)).toMatchObject(refusal(413, "body_too_large"));
  });

  test("that is missing, empty or not one resource object is a 400", async () => {
    const before = await countOrganizations();
    expect(await guildhall.api.post("/api/organizations")).toMatchObject(refusal(400, "no_resource"));
    expect(await create("", { "Content-Type": JSON_API })).toMatchObject(refusal(400, "empty_body"));
    for (const document of ["null", "42", "[]", '"data"', {}, { data: null }, { data: [] }, { data: "x" }]) {
      expect(await create(document)).toMatchObject(refusal(400, "no_resource"));
    }
    expect(await countOrganizations()).toBe(before);
  });

  test("of an action that isn't an object is a 400, unlike an empty one", async () => {
    const { user } = await buildPerson(guildhall);
    const { body } = await invite(
      guildhall,
      await buildOrganization(guildhall, { user, token: "" }),
      uniqueEmail(),
    );
    for (const document of ["null", "42", "[]", '"meta"']) {
      const declined = await guildhall.api.post(`${body.data.links.self}/decline`, document);
      expect(declined).toMatchObject(refusal(400, "no_document"));
    }
  });

  test("of an action is refused with every wrong member of its meta", async () => {
    const { user } = await buildPerson(guildhall);
    const organization = await buildOrganization(guildhall, { user, token: "" });
    const { body } = await invite(guildhall, organization, uniqueEmail());
    const document = { meta: { expires_at: 7, colour: "red" } };
    expect(await guildhall.api.post(`${body.data.links.self}/resend`, document)).toMatchObject({
      status: 422,
      body: {
        errors: [
          { code: "invalid_member", source: { pointer: "/meta/expires_at" } },
          { code: "unknown_member", source: { pointer: "/meta/colour" } },
        ],
      },
    });
  });
});

describe("a Content-Type", () => {
  const source = { header: "Content-Type" };

  test.each([
    "application/json",
    "text/plain",
    "multipart/form-data; boundary=x",
    `${JSON_API}; charset=utf-8`,
    `${JSON_API};charset=UTF-8`,
    `${JSON_API}; ext="https://jsonapi.org/ext/atomic"`,
    "application/vnd.api",
    "nonsense",
  ])("of %s is 415", async (type) => {
    const answer = await create(organization(), { "Content-Type": type });
    expect(answer).toMatchObject(refusal(415, "unsupported_media_type", source));
  });

  test.each([JSON_API, "Application/VND.API+JSON", `${JSON_API}; profile="https://example.com/p"`])(
    "of %s is read",
    async (type) => {
      expect(await create(organization(), { "Content-Type": type })).toMatchObject({ status: 201 });
    },
  );
});

describe("an Accept header", () => {
  test.each(["text/html", "image/*", `${JSON_API}; charset=utf-8`, `${JSON_API}; ext="https://x.example"`])(
    "of %s is a 406, still as a JSON:API document",
    async (accept) => {
      const answer = await guildhall.api.get("/api/roles", { Accept: accept });
      expect(answer).toMatchObject(refusal(406, "not_acceptable", { header: "Accept" }));
      expect(answer.headers.get("Content-Type")).toBe(JSON_API);
    },
  );

  test.each([JSON_API, "*/*", "application/*", "application/json", `text/html, ${JSON_API};q=0.5`])(
    "of %s is answered as JSON:API, without a charset",
    async (accept) => {
      const answer = await guildhall.api.get("/api/roles", { Accept: accept });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("Content-Type")).toBe(JSON_API);
      expect(answer.headers.get("Vary")).toContain("Accept");
    },
  );
});
