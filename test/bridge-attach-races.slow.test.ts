import { describe, expect, test } from "vitest";
import { detachOrganizations } from "../jobs/detach-organizations.ts";
import type { Api, ApiAnswer } from "./support/api.ts";
import { unique, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { buildTeammates, type Teammates } from "./support/teammates.ts";

const ROUNDS = 12;

/** Resources created and changed at once, and while their organization is being deleted. Nobody may get a 5xx. */
const guildhall = useGuildhall();

/** Where each kind is created and stored, and the smallest body that makes one. */
const KINDS: Array<[path: string, table: string, values: () => object]> = [
  ["subscriptions", "subscriptions", () => ({ total_cents: 500 })],
  [
    "payment-methods",
    "payment_methods",
    () => ({ type: "card", card_token: unique("tok"), is_default: true }),
  ],
  ["addresses", "addresses", () => ({ country: "DE", line1: "Weg 1", city: "Köln", is_default: true })],
  ["customers", "customers", () => ({ email: uniqueEmail() })],
  ["payments/intents", "payments", () => ({ total_cents: 500 })],
];
const TABLES = KINDS.map(([, table]) => table);

async function soon<Answer>(work: () => Promise<Answer>, milliseconds: number): Promise<Answer> {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * milliseconds));
  return work();
}

/** Runs the work of a deletion until it is completed. */
async function completed({ organization }: Teammates): Promise<void> {
  for (let run = 0; run < 50; run += 1) {
    await detachOrganizations.run(guildhall.jobContext, {});
    const deletion = guildhall.db("organization_deletions").where({ organization_id: organization.id });
    if ((await deletion.first())?.state === "completed") return;
  }
  throw new Error("the deletion does not come to its end");
}

describe("created during a deletion,", { timeout: 120_000 }, () => {
  test.each([
    ["and the deletion waits for its worker", false],
    ["and the worker is at it all the time", true],
  ])("%s: resources stay with their creators", async (_, busy) => {
    if (busy) guildhall.startWorker();
    for (let round = 0; round < ROUNDS; round += 1) {
      const team = await buildTeammates(guildhall);
      const { id: organization_id } = team.organization;
      const [deleted, ...made] = await Promise.all([
        soon(() => team.owner.api.delete(team.path), 30),
        ...["owner", "admin", "billing"].flatMap((role) =>
          KINDS.map(async ([path, table, values]) => {
            const { api, user } = team[role as "owner"];
            const create = () => api.post(`/bridge-payment/${path}`, { organization_id, ...values() });
            return { table, user_id: user.id, answer: await soon(create, 45) };
          }),
        ),
      ]);
      expect(deleted.status).toBe(200);
      await completed(team);
      for (const table of TABLES)
        expect(await guildhall.db(table).where({ organization_id }), table).toEqual([]);
      for (const { table, user_id, answer } of made) {
        expect([201, 403]).toContain(answer.status);
        if (answer.status === 403) continue;
        const row = await guildhall.db(table).where({ id: answer.body.data.id }).first();
        expect(row).toMatchObject({ user_id, organization_id: null });
        expect(row.is_default ?? false, "the creator may have a default of their own").toBe(false);
      }
      const receipt = await team.owner.api.get(`${team.path}/deletion`);
      expect(receipt.body.data.done).toEqual(receipt.body.data.planned);
    }
    await guildhall.stopWorker();
  });

  test("resources keep every change answered 200, and defaults stay", async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const team = await buildTeammates(guildhall);
      const { billing, owner, path, organization } = team;
      const place = { country: "DE", line1: "Weg 1", city: "Köln" };
      const make = async (api: Api, values: object) =>
        (await api.post("/bridge-payment/addresses", { ...place, ...values })).body.data.id as string;
      const own = await make(billing.api, { is_default: true });
      const shared = await make(billing.api, { organization_id: organization.id, is_default: true });
      const others = [
        await make(owner.api, { organization_id: organization.id }),
        await make(billing.api, { organization_id: organization.id }),
      ];
      const [changed, deleted] = await Promise.all([
        soon(() => billing.api.put(`/bridge-payment/addresses/${shared}`, { line2: "Hof 2" }), 20),
        soon(() => owner.api.delete(path), 20),
        soon(() => detachOrganizations.run(guildhall.jobContext, {}), 40),
      ]);
      expect(deleted.status).toBe(200);
      expect([200, 403]).toContain(changed.status);
      await completed(team);
      const rows = await guildhall
        .db("addresses")
        .whereIn("id", [own, shared, ...others])
        .select();
      const is = Object.fromEntries(rows.map(({ id, is_default }) => [id, is_default]));
      expect(is).toEqual({
        [own]: true,
        [shared]: false,
        [others[0] ?? ""]: false,
        [others[1] ?? ""]: false,
      });
      const line2 = changed.status === 200 ? "Hof 2" : null;
      expect(rows.find(({ id }) => id === shared)).toMatchObject({ line2, organization_id: null });
    }
  });
});

describe("defaults set at once", { timeout: 120_000 }, () => {
  const defaults = async (table: string, where: object) =>
    (await guildhall.db(table).where({ ...where, is_default: true })).map(({ id }: { id: string }) => id);

  test.each([
    ["of an organization", true],
    ["of one's own", false],
  ])("leave one default address %s per type", async (_, shared) => {
    const { organization, owner, billing } = await buildTeammates(guildhall);
    const { id: organization_id } = organization;
    const to = shared ? { organization_id } : {};
    const people = shared ? [owner, billing] : [owner];
    const where = shared ? { organization_id } : { user_id: owner.user.id, organization_id: null };
    const make = (n: number, is_default: boolean) =>
      (people[n % people.length] ?? owner).api.post("/bridge-payment/addresses", {
        ...{ country: "DE", line1: "Weg 1", city: "Köln", is_default, ...to },
        type: n % 2 === 0 ? "billing" : "shipping",
      });
    const made = await Promise.all(Array.from({ length: 8 }, (__, n) => make(n, false)));
    const paths = made.map(({ body }) => `/bridge-payment/addresses/${body.data.id}`);
    for (let round = 0; round < 8; round += 1) {
      const answers = await Promise.all([
        ...paths.map((path) => soon(() => owner.api.post(`${path}/set-default`), 10)),
        ...[0, 1].map((n) => soon(() => make(n, true), 10)),
      ]);
      for (const { status } of answers) expect([200, 201]).toContain(status);
      for (const type of ["billing", "shipping"])
        expect(await defaults("addresses", { ...where, type }), type).toHaveLength(1);
      // One that changes its type stays the default in its new type.
      const moved = await Promise.all(
        paths.map((path, n) => soon(() => owner.api.put(path, { type: n % 2 ? "billing" : "shipping" }), 10)),
      );
      expect(moved.map(({ status }) => status)).toEqual(paths.map(() => 200));
      for (const type of ["billing", "shipping"])
        expect((await defaults("addresses", { ...where, type })).length, type).toBeLessThanOrEqual(1);
      await Promise.all(
        paths.map((path, n) =>
          owner.api.put(path, { type: n % 2 ? "shipping" : "billing", is_default: false }),
        ),
      );
    }
  });

  test.each([
    ["of an organization", true],
    ["of one's own", false],
  ])("leave one default payment method %s, even if some are deleted", async (_, shared) => {
    const { organization, owner, billing } = await buildTeammates(guildhall);
    const to = shared ? { organization_id: organization.id } : {};
    const where = shared ? to : { user_id: owner.user.id, organization_id: null };
    const make = (api: Api, is_default: boolean): Promise<ApiAnswer> =>
      api.post("/bridge-payment/payment-methods", {
        ...{ type: "card", card_token: unique("tok"), is_default, ...to },
      });
    for (let round = 0; round < 8; round += 1) {
      const made = await Promise.all(Array.from({ length: 6 }, () => make(owner.api, false)));
      const paths = made.map(({ body }) => `/bridge-payment/payment-methods/${body.data.id}`);
      const by = shared ? billing.api : owner.api;
      const [kept, gone] = [paths.slice(0, 3), paths.slice(3)];
      const answers = await Promise.all([
        ...paths.map((path) => soon(() => by.post(`${path}/set-default`), 10)),
        ...gone.map((path) => soon(() => owner.api.delete(path), 15)),
        soon(() => make(owner.api, true), 10),
      ]);
      for (const { status } of answers.slice(0, 6)) expect([200, 404]).toContain(status);
      expect(answers.slice(6).map(({ status }) => status)).toEqual([200, 200, 200, 201]);
      expect((await defaults("payment_methods", where)).length).toBeLessThanOrEqual(1);
      expect((await by.post(`${kept[0]}/set-default`)).status).toBe(200);
      expect(await defaults("payment_methods", where)).toHaveLength(1);
    }
  });
});
