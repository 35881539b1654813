import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import * as boundedMetadata from "../migrations/0012-bounded-metadata.ts";
import { storedJson } from "../src/http/attributes.ts";
import type { ApiAnswer } from "./support/api.ts";
import { batchTo, taken } from "./support/batches.ts";
import { KINDS } from "./support/bridge-team.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  invite,
  type Person,
  unique,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { linkTo } from "./support/one-of-everything.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();
let owner: Person;
let organization: Awaited<ReturnType<typeof buildOrganization>>;

beforeAll(async () => {
  owner = await buildPerson(guildhall);
  organization = await buildOrganization(guildhall, owner);
});

/** As Postgres writes it, with 12 bytes around the text. */
const ofBytes = (bytes: number) => ({ note: "x".repeat(bytes - 12) });
const ofKeys = (keys: number) => Object.fromEntries(Array.from({ length: keys }, (_, n) => [`key${n}`, n]));
const nestedKeys = (keys: number) => ({ list: [ofKeys(keys - 2)], one: 1 });

const newOf = (type: string, attributes: object, relationships: object = {}) => ({
  data: { type, attributes, relationships },
});

/** Every resource with metadata, in both APIs. */
const WRITES: Array<[what: string, write: (metadata: object) => Promise<ApiAnswer>]> = [
  [
    "a user",
    (metadata) => guildhall.api.post("/api/users", newOf("user", { email: uniqueEmail(), metadata })),
  ],
  [
    "a user changed",
    (metadata) => {
      const { id } = owner.user;
      return guildhall.api.patch(`/api/users/${id}`, {
        data: { type: "user", id, attributes: { metadata } },
      });
    },
  ],
  [
    "an organization",
    (metadata) => guildhall.api.post("/api/organizations", newOf("organization", { name: "A", metadata })),
  ],
  [
    "an organization's public_metadata",
    (public_metadata) =>
      guildhall.api.post("/api/organizations", newOf("organization", { name: "A", public_metadata })),
  ],
  [
    "a membership",
    async (metadata) => {
      const { user } = await buildPerson(guildhall);
      const links = { user: linkTo("user", user.id), organization: linkTo("organization", organization.id) };
      return guildhall.api.post("/api/memberships", newOf("membership", { metadata }, links));
    },
  ],
  [
    "an invitation",
    (metadata) =>
      guildhall.api.post("/api/invitations", invitationTo(organization.id, uniqueEmail(), { metadata })),
  ],
  [
    "an organization of the Bridge API",
    (metadata) =>
      guildhall.api.as(owner.token).post("/bridge-payment/organizations", { name: "A", metadata }),
  ],
  ...KINDS.map(({ name, intents, least }): (typeof WRITES)[number] => [
    `${name} of the Bridge API`,
    (metadata) => guildhall.api.as(owner.token).post(intents, { ...least(), metadata }),
  ]),
];

test.each(WRITES)(
  "the metadata of %s may have 8,192 bytes; more is a 422 that names it",
  async (_, write) => {
    expect((await write(ofBytes(8_192))).status).toBeLessThan(300);
    const { status, body } = await write(ofBytes(8_193));
    const detail = body.errors?.[0].detail ?? body.error;
    expect({ status, detail }).toEqual({
      status: 422,
      detail: expect.stringMatching(/metadata: may take at most 8192 bytes as JSON, and takes 8193/),
    });
  },
);

describe("metadata", () => {
  const write = (metadata: object) =>
    guildhall.api.post("/api/users", newOf("user", { email: uniqueEmail(), metadata }));

  test.each([
    ["8,192 bytes of umlauts", { note: "ü".repeat(4_090) }],
    ["50 keys", ofKeys(50)],
    ["50 keys, most of them nested", nestedKeys(50)],
  ])("may have %s", async (_, metadata) => {
    expect((await write(metadata)).status).toBe(201);
  });

  test.each([
    ["8,194 bytes of umlauts", { note: "ü".repeat(4_091) }],
    ["numbers that are short in the request and long in the database", { n: Array(40).fill(1e300) }],
    ["51 keys", ofKeys(51)],
    ["51 keys, most of them nested", nestedKeys(51)],
  ])("may not have %s", async (_, metadata) => {
    const source = { pointer: "/data/attributes/metadata" };
    expect(await write(metadata)).toMatchObject(refusal(422, "invalid_attribute", source));
  });
});

test("a row of a batch with too much metadata fails, and stops no other", async () => {
  const rows = [
    { email: uniqueEmail(), metadata: ofKeys(51) },
    { email: uniqueEmail(), metadata: ofKeys(50) },
  ];
  const batch = taken(await guildhall.api.post("/api/invitation-batches", batchTo(organization.id, rows)));
  const { body } = await guildhall.api.get(`/api/invitation-batch-rows?filter[batch]=${batch}`);
  const statuses = body.data.map(
    ({ attributes }: { attributes: { status: string; code: string | null } }) => [
      attributes.status,
      attributes.code,
    ],
  );
  expect(statuses).toEqual([
    ["failed", "invalid_attribute"],
    ["queued", null],
  ]);
});

test("the counted size of JSON is never less than its size in the database", async () => {
  const stored = async (value: unknown) => {
    const { rows } = await guildhall.db.raw("select octet_length(?::jsonb::text) as bytes", [
      JSON.stringify(value),
    ]);
    return rows[0].bytes as number;
  };
  const common = { a: [1, -0.5, true, null, 'ü\n"\\/', "\u0001\u007f"], "": {}, b: [], c: { d: "🙂" } };
  expect(storedJson(common)).toEqual({ bytes: await stored(common), keys: 5 });
  const plain = fc.jsonValue().filter((value) => !JSON.stringify(value).includes("\\u0000"));
  await fc.assert(
    fc.asyncProperty(plain, async (value) => {
      expect(storedJson(value).bytes).toBeGreaterThanOrEqual(await stored(value));
    }),
    { numRuns: 200 },
  );
});

describe("the database", () => {
  const TABLES: Array<[table: string, column: string]> = [
    ["users", "metadata"],
    ["organizations", "metadata"],
    ["organizations", "public_metadata"],
    ["memberships", "metadata"],
    ["invitations", "metadata"],
    ...["customers", "addresses", "payment_methods", "subscriptions", "payments"].map(
      (table): [string, string] => [table, "metadata"],
    ),
  ];

  beforeAll(async () => {
    await invite(guildhall, organization, uniqueEmail());
    for (const { intents, least } of KINDS) await guildhall.api.as(owner.token).post(intents, least());
  });

  test.each(TABLES)("the database refuses too much in %s.%s", async (table, column) => {
    const { id } = await guildhall.db(table).orderBy("id", "desc").first("id");
    const write = (value: object) =>
      guildhall
        .db(table)
        .where({ id })
        .update({ [column]: value });
    const refused = { code: "23514", constraint: `${table}_${column}_bound` };
    await expect(write(ofBytes(8_193))).rejects.toMatchObject(refused);
    await expect(write(nestedKeys(51))).rejects.toMatchObject(refused);
    expect(await write(ofBytes(8_192))).toBe(1);
    expect(await write(nestedKeys(50))).toBe(1);
  });

  test("keeps larger metadata from before the limits usable", async () => {
    const large = { note: "x".repeat(60_000) };
    const { user } = await buildPerson(guildhall);
    const invited = await invite(guildhall, organization, user.email);
    const other = await buildOrganization(guildhall, owner);
    await boundedMetadata.down(guildhall.db);
    await guildhall.db("invitations").where({ id: invited.body.data.id }).update({ metadata: large });
    await guildhall.db("organizations").where({ id: other.id }).update({ metadata: large });
    await boundedMetadata.up(guildhall.db);

    const path = `/bridge-payment/organizations/${other.id}`;
    const renamed = await guildhall.api.as(owner.token).put(path, { name: "Renamed" });
    expect(renamed).toMatchObject({ status: 200, body: { data: { name: "Renamed", metadata: large } } });
    const accept = `/api/invitations/${invited.body.data.id}/accept`;
    const accepted = await guildhall.api.post(accept, { meta: { user_id: user.id } });
    expect(accepted.status).toBe(200);
    const membership = await guildhall.db("memberships").where({ user_id: user.id }).first();
    expect(membership.metadata).toEqual(large);
  });
});

test("members and organizations with full metadata can still be deleted", async () => {
  const attributes = { name: unique("full"), metadata: ofBytes(8_192), public_metadata: ofKeys(50) };
  const full = await buildOrganization(guildhall, owner, attributes);
  const { membership } = await buildMember(guildhall, full, "member");
  expect((await guildhall.api.delete(`/api/memberships/${membership.id}`)).status).toBe(204);
  expect((await guildhall.api.delete(`/api/organizations/${full.id}`)).status).toBe(202);
});
