import { beforeAll, describe, expect, test } from "vitest";
import { parseJson } from "../src/http/parse-json.ts";
import { isExactNumber } from "../src/lib/json-text.ts";
import type { ApiAnswer } from "./support/api.ts";
import { buildInvitationTo, type Person, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();
let owner: Person;
let organizationId: string;

beforeAll(async () => {
  const built = await buildInvitationTo(guildhall);
  owner = built.owner;
  organizationId = built.organization.id;
});

const CHANGED = [
  "9007199254740993",
  "-9007199254740993",
  "12345678901234567890",
  "1e400",
  "-1e400",
  "1E+999999999999999999999",
  "0.1e-400",
  "1e-324",
  "1.0000000000000000001",
  "0.1234567890123456789",
  "100000000000000000000001",
  "4.9406564584124654e-324",
];
const KEPT: Array<[text: string, value: number]> = [
  ["0", 0],
  ["-0", 0],
  ["0.0e-999", 0],
  ["1.10", 1.1],
  ["0.1", 0.1],
  ["0.30000000000000004", 0.30000000000000004],
  ["9007199254740992", 2 ** 53],
  ["9007199254740994", 2 ** 53 + 2],
  ["-1.5e3", -1500],
  ["1E2", 100],
  ["1e21", 1e21],
  ["100000000000000000000000", 1e23],
  ["1.7976931348623157e308", Number.MAX_VALUE],
  ["5e-324", 5e-324],
];

const invitation = (metadata: string, id = organizationId) =>
  `{"data":{"type":"invitation","attributes":{"email":"${uniqueEmail()}","metadata":${metadata}},
    "relationships":{"organization":{"data":{"type":"organization","id":"${id}"}}}}}`;

const post = (path: string, body: string, headers = {}): Promise<ApiAnswer> =>
  guildhall.api.post(path, body, headers);

describe("a number", () => {
  test.each(CHANGED)("%s, which JavaScript would change, is refused with what to write", async (number) => {
    const refused = await post("/api/invitations", invitation(`{"ids":[1,{"a/b":${number}}]}`));
    const pointer = "/data/attributes/metadata/ids/1/a~1b";
    expect(refused).toMatchObject(refusal(422, "inexact_number", { pointer }));
    expect(refused.body.errors[0].detail).toContain(`the number ${number} `);
    expect(refused.body.errors[0].detail).toMatch(/as a string/);
  });

  test.each(KEPT)("%s is kept", async (number, value) => {
    const kept = await post("/api/invitations", invitation(`{"n":${number}}`));
    expect([kept.status, kept.body.data?.attributes.metadata]).toEqual([201, { n: value }]);
    expect((await guildhall.api.get(kept.body.data.links.self)).body.data.attributes.metadata).toEqual({
      n: value,
    });
  });

  test("in quotes is text, and may have any digits", async () => {
    const metadata = '{"id":"9007199254740993","e":"\\"1e400","1e400":true}';
    expect(await post("/api/invitations", invitation(metadata))).toMatchObject({ status: 201 });
  });

  test("is checked last: other errors are reported by their own rule", async () => {
    const body = invitation('{"n":1e400}').replace('"email"', '"mail"');
    const refused = await post("/api/invitations", body);
    expect(refused.status).toBe(422);
    expect(JSON.stringify(refused.body)).toContain("unknown_attribute");
    expect(JSON.stringify(refused.body)).not.toContain("inexact_number");
  });

  test("that is inexact is refused in a row of a batch, too", async () => {
    const rows = `[{"email":"${uniqueEmail()}"},{"email":"${uniqueEmail()}","metadata":{"id":9007199254740993}}]`;
    const body = invitation("{}")
      .replace(/"attributes":\{.*?\}\}/, `"attributes":{"rows":${rows}}`)
      .replace('"invitation"', '"invitation_batch"');
    const pointer = "/data/attributes/rows/1/metadata/id";
    expect(await post("/api/invitation-batches", body)).toMatchObject(
      refusal(422, "inexact_number", { pointer }),
    );
  });

  test("that is inexact is refused by the Bridge API, with the field's name", async () => {
    const body = `{"name":"A","metadata":{"id":9007199254740993}}`;
    const refused = await guildhall.api.as(owner.token).post("/bridge-payment/organizations", body);
    expect(refused).toMatchObject({
      status: 422,
      body: { success: false, code: "inexact_number", fields: [{ field: "metadata.id" }] },
    });
  });

  test("of a hundred thousand digits is checked in linear time", () => {
    const timeOf = (digits: number) => {
      const numbers = [
        `1${"0".repeat(digits)}1`,
        `0.${"0".repeat(digits)}1`,
        `1${"0".repeat(digits)}e-${digits}`,
      ];
      const startedAt = performance.now();
      for (let round = 0; round < 5; round += 1) for (const number of numbers) isExactNumber(number);
      return performance.now() - startedAt;
    };
    timeOf(50_000);
    const short = Math.min(...[1, 2, 3].map(() => timeOf(50_000)));
    const long = Math.min(...[1, 2, 3].map(() => timeOf(400_000)));
    expect(long / short).toBeLessThan(40);
  });
});

describe("a repeated key", () => {
  test.each([
    ['{"a":1,"a":2}', "/data/attributes/metadata/a"],
    ['{"x":[{"b":1},{"b":1,"\\u0062":2}]}', "/data/attributes/metadata/x/1/b"],
    ['{"a":{"c":1},"b":{"c":1},"a":null}', "/data/attributes/metadata/a"],
  ])("a repeated key in %s is refused, since a value would be lost", async (metadata, pointer) => {
    const refused = await post("/api/invitations", invitation(metadata));
    expect(refused).toMatchObject(refusal(400, "duplicate_key", { pointer }));
    expect(refused.body.errors[0].detail).toContain(pointer);
  });

  test("in two objects is two keys", () => {
    expect(parseJson('[{"a":1},{"a":{"a":2}},[],{}]').value).toEqual([{ a: 1 }, { a: { a: 2 } }, [], {}]);
  });
});

describe("text that can't be stored", () => {
  test.each([
    ["a NUL", '{"t":"a\\u0000b"}', "/data/attributes/metadata/t", /NUL/],
    ["half a character", '{"t":["x","\\ud800"]}', "/data/attributes/metadata/t/1", /half a character/],
  ])("%s is refused at its place", async (_, metadata, pointer, words) => {
    const refused = await post("/api/invitations", invitation(metadata));
    expect(refused).toMatchObject(refusal(400, "malformed_text", { pointer }));
    expect(refused.body.errors[0].detail).toMatch(words);
  });

  test("a whole character is kept, even if it is escaped as two halves", async () => {
    const kept = await post("/api/invitations", invitation('{"t":"\\ud83d\\ude00"}'));
    expect(kept.body.data.attributes.metadata).toEqual({ t: "😀" });
  });
});
