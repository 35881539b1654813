import fc from "fast-check";
import { beforeAll, expect, test, vi } from "vitest";
import { problemsOfBody } from "./support/bridge-problems.ts";
import { buildTargets, sendTo, type Targets, WITH_BODY } from "./support/bridge-targets.ts";
import { create, KINDS } from "./support/bridge-team.ts";
import { buildOrganization, buildPerson } from "./support/builders.ts";
import { checksum } from "./support/checksum.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { mutated, mutations } from "./support/mutations.ts";

const guildhall = useGuildhall();
let targets: Targets;
/** Ids of other people's resources, here and in another environment, and some of the caller's own. */
const ids: string[] = [];

beforeAll(async () => {
  // These tests send more requests in a minute than anyone may.
  vi.spyOn(guildhall.context.limiter, "count").mockImplementation(() => {});
  targets = await buildTargets(guildhall);
  for (const environment of ["acme-test", "globex"]) {
    const other = await buildPerson(guildhall, { environment });
    const { id: organization_id } = await buildOrganization(guildhall, other);
    const theirs = guildhall.api.in(environment).as(other.token);
    for (const kind of KINDS)
      ids.push((await create(theirs, kind)).id, (await create(theirs, kind, { organization_id })).id);
    ids.push(other.user.id, organization_id);
  }
  for (const { path } of WITH_BODY) ids.push(targets.pathOf({ path }).split("/")[3] ?? "");
});

const card = { type: "card", card_token: "tok_1", brand: "visa", last4: "4242", expiry_month: "12" };
const amounts = { subtotal_cents: 100, tax_cents: 19, discount_cents: 9, currency: "EUR" };
const period = {
  current_period_start: "2026-01-01T00:00:00Z",
  current_period_end: "2126-02-01T00:00:00Z",
};

/** A valid body of each endpoint, with as many fields as possible. */
const BODIES: Record<string, object> = {
  "POST /organizations": {
    name: "Acme",
    business_email: "a@example.com",
    address: "Way 1",
    metadata: { a: 1 },
  },
  "PUT /organizations/:id": { name: "Acme", tax_id: "12-3456789", country: "DE", member_management: "owner" },
  "POST /organizations/:id/transfer-ownership": { user_id: "user_none" },
  "POST /organizations/:id/members": { email: "nobody@example.com", role: "billing" },
  "PUT /organizations/:id/members/:member_id": { role: "billing" },
  "POST /organizations/:id/leave": {},
  "POST /subscriptions": {
    ...amounts,
    billing_interval: "yearly",
    interval_multiplier: 2,
    trial_days: 7,
    customer_id: null,
  },
  "PUT /subscriptions/:id": { payment_method_id: null, metadata: { a: [1] } },
  "POST /subscriptions/:id/cancel": { cancel_at_period_end: true, reason: "none" },
  "PATCH /subscriptions/:id/billing-address": { billing_address_id: null },
  "POST /subscriptions/:id/sync": { status: "active", provider_subscription_id: "s", ...period },
  "POST /payment-methods": { ...card, is_default: true, metadata: { a: { b: 1 } }, billing_address_id: null },
  "PUT /payment-methods/:id": {
    alias: "blue",
    is_default: true,
    expiry_year: "2031",
    billing_address_id: null,
  },
  "POST /payment-methods/:id/set-default": {},
  "PATCH /payment-methods/:id/billing-address": { billing_address_id: null },
  "POST /addresses": { line1: "Way 1", city: "Bern", country: "CH", address_type: "both", is_default: true },
  "PUT /addresses/:id": {
    line2: "Yard",
    is_business: true,
    business_name: "Acme",
    is_default: true,
    metadata: {},
  },
  "POST /addresses/:id/set-default": {},
  "POST /customers": { email: "jane@example.com", name: "Jane", phone: "1", metadata: { a: 1 } },
  "PUT /customers/:id": { email: "jane@example.com", first_name: "Jane", last_name: null },
  "POST /payments/intents": {
    ...amounts,
    description: "x",
    tags: "a,b",
    return_url: "https://example.com",
    customer_id: null,
  },
  "PUT /payments/intents/:id": { total_cents: 500, currency: "usd", description: null, metadata: {} },
  "POST /payments/intents/:id/confirm": { payment_method_id: "pm_none", save_payment_method: true },
  "POST /payments/intents/:id/sync": { status: "requires_confirmation", provider_payment_id: "p" },
};
const nameOf = ({ method, path }: { method: string; path: string }) =>
  `${method} ${path.replace("/bridge-payment", "")}`;

test("there is a sample body for every endpoint that takes one", () => {
  expect(Object.keys(BODIES).sort()).toEqual(WITH_BODY.map(nameOf).sort());
});

test("a mutated body is refused without a trace, or taken as documented", async () => {
  const counts = { taken: 0, refused: 0 };
  const property = fc.asyncProperty(
    fc.constantFrom(...WITH_BODY),
    mutations(ids),
    async (endpoint, changes) => {
      const before = await checksum(guildhall.db);
      const body = mutated(BODIES[nameOf(endpoint)], changes);
      const answer = await sendTo(targets.speaker(endpoint), endpoint, targets.pathOf(endpoint), body);
      expect([200, 201, 400, 403, 404, 409, 413, 422], JSON.stringify(answer.body)).toContain(answer.status);
      if (answer.status < 400) {
        counts.taken += 1;
        expect(problemsOfBody(endpoint, JSON.parse(body)), body).toEqual([]);
        return;
      }
      counts.refused += 1;
      expect(await checksum(guildhall.db)).toBe(before);
    },
  );
  // A failure prints the seed and the path to it: FUZZ_SEED runs it again.
  const seed = Number(process.env.FUZZ_SEED);
  await fc.assert(property, {
    numRuns: Number(process.env.FUZZ_RUNS ?? 500),
    ...(Number.isInteger(seed) ? { seed } : {}),
  });
  expect(counts.taken).toBeGreaterThan(10);
  expect(counts.refused).toBeGreaterThan(200);
}, 600_000);

/** Query parameters of lists, sensible or not. */
const PARAMETERS = [
  "page",
  "limit",
  "offset",
  "orderBy",
  "orderDir",
  "organization_id",
  "search",
  "status",
  "type",
  "completeness",
  "created_at_from",
  "created_at_to",
  "role",
  "__proto__",
  "",
];
const TEXTS = [
  "1",
  "0",
  "-1",
  "1e3",
  "0x10",
  "999999999999999999999",
  "NaN",
  "",
  " ",
  "%",
  "\\",
  "a_b",
  "'",
  "\u0000",
  "\ud800",
  "created_at",
  "desc",
  "billing",
  "2026-01-01",
  "9999-12-31T23:59:59Z",
  "0000-01-01",
  "x".repeat(3_000),
];

test("a random query is refused or answered, and never fails", async () => {
  const lists = [
    ...KINDS.map(({ path }) => path),
    "/bridge-payment/organizations",
    targets.pathOf({ path: "/bridge-payment/organizations/:id/members" }),
  ];
  const parameter = fc.tuple(
    fc.constantFrom(...PARAMETERS),
    fc.oneof(fc.constantFrom(...TEXTS, ...ids), fc.string({ unit: "binary" })),
  );
  const property = fc.asyncProperty(
    fc.constantFrom(...lists),
    fc.array(parameter, { maxLength: 3 }),
    async (path, parameters) => {
      const query = parameters
        .map(([name, value]) => `${encodeURIComponent(name)}=${encode(value)}`)
        .join("&");
      const { status, body } = await targets.api.get(`${path}?${query}`);
      expect([200, 400, 403], `${query} ${JSON.stringify(body)}`).toContain(status);
    },
  );
  await fc.assert(property, { numRuns: Number(process.env.FUZZ_RUNS ?? 300) });
}, 600_000);

/** Half a character can't be encoded, so its bytes are written by hand. */
function encode(text: string): string {
  const whole = encodeURIComponent(Buffer.from(text).toString());
  return /\p{Surrogate}/u.test(text) ? `${whole}%ED%A0%80` : whole;
}
