import { setTimeout as sleep } from "node:timers/promises";
import type { Knex } from "knex";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { detachOrganizations } from "../jobs/detach-organizations.ts";
import { openDatabase } from "../src/db/connection.ts";
import type { Counts, OrganizationDeletion } from "../src/models/organization.ts";
import { detachOrganization } from "../src/organizations/detach-organization.ts";
import type { ApiAnswer } from "./support/api.ts";
import { unique, uniqueEmail } from "./support/builders.ts";
import { checksum } from "./support/checksum.ts";
import { backends, type Guildhall, startGuildhall } from "./support/guildhall.ts";
import { addSharedRows, idOfNumber, type Numbers, SHARED_TABLES, sumUp } from "./support/shared-rows.ts";
import { bridgeRefusal, buildTeammates, NOT_ALLOWED, type Teammates } from "./support/teammates.ts";

let guildhall: Guildhall;
const never = () => false;
const PLACE = { country: "DE", line1: "Weg 1", city: "Köln" };

describe.each(backends())("detaching, queue on %s,", (backend) => {
  const EACH = 2_500;

  beforeAll(async () => {
    guildhall = await startGuildhall({ backend, worker: true });
  });
  afterAll(() => guildhall.stop());

  test("does what its preview says, and changes nothing else", async () => {
    const { db } = guildhall;
    const team = await buildTeammates(guildhall);
    const { owner, admin, billing, organization, path } = team;
    const doomed = await addRows(team, EACH);
    const other = await buildTeammates(guildhall);
    const untouched = [
      await addRows(other, 200),
      await addSharedRows(db, { ...team.organization, ...personal(owner, billing) }, 200),
    ];
    const before = await sumUp(db, doomed);
    const exactly = () => Promise.all(untouched.map((numbers) => sumUp(db, numbers, [])));
    const beside = await exactly();
    const defaultsBefore = await Promise.all([owner, billing, admin].map(ownDefaults));

    const preview = (await owner.api.post(`${path}/deletion-preview`)).body.data.planned;
    expect(preview).toMatchObject(Object.fromEntries(SHARED_TABLES.map((table) => [table, EACH])));
    const { planned } = (await owner.api.delete(path)).body.data;
    expect(planned).toEqual(preview);
    const steps = await followed(team);
    expect(steps.at(-1)).toEqual(planned);
    for (const [n, step] of steps.entries())
      for (const [table, done] of Object.entries(step)) {
        expect(done, table).toBeGreaterThanOrEqual(steps[n - 1]?.[table] ?? 0);
        expect(done, table).toBeLessThanOrEqual(planned[table]);
      }

    expect(await db("organizations").where({ id: organization.id })).toEqual([]);
    expect(await sumUp(db, doomed)).toEqual(before);
    expect(await exactly()).toEqual(beside);
    for (const [kind, table] of Object.entries(LISTS)) {
      expect(await db(table).where({ organization_id: organization.id })).toEqual([]);
      const totals = [owner, billing, admin].map(({ api }) =>
        api.get(`/bridge-payment/${kind}`).then(totalOf),
      );
      const [byOwner = 0, byBilling = 0, byAdmin = 0] = await Promise.all(totals);
      expect(byOwner + byBilling + byAdmin, kind).toBe(EACH + 200);
      expect(byAdmin, kind).toBeGreaterThan(0);
    }
    expect(await Promise.all([owner, billing, admin].map(ownDefaults))).toEqual(defaultsBefore);
    expect(defaultsBefore.map(({ length }) => length)).toEqual([4, 4, 0]);
    await linksHold(team, doomed);
  });

  test("happens once even if it is requested twenty times at once", async () => {
    const team = await buildTeammates(guildhall);
    await addRows(team, 50);
    const asked = await Promise.all(Array.from({ length: 20 }, () => team.owner.api.delete(team.path)));
    expect(new Set(asked.map(({ status, body }) => `${status} ${body.data.id}`)).size).toBe(1);
    expect(asked[0]?.status).toBe(200);
    expect((await followed(team)).at(-1)).toEqual(asked[0]?.body.data.planned);
    const { id: organization_id } = team.organization;
    expect(await guildhall.db("organization_deletions").where({ organization_id })).toHaveLength(1);
    const types = ["organization.deletion_started", "organization.deleted"];
    expect(
      await guildhall
        .db("events")
        .where({ organization_id })
        .whereIn("type", types)
        .orderBy("id")
        .pluck("type"),
    ).toEqual(types);
  });
});

describe("while an organization is being deleted,", () => {
  beforeAll(async () => {
    guildhall = await startGuildhall();
  });
  afterAll(() => guildhall.stop());

  test("nothing can be attached to it before, between or after batches", async () => {
    const team = await buildTeammates(guildhall);
    await addRows(team, 1_500);
    const { id } = (await team.owner.api.delete(team.path)).body.data;
    const { id: organization_id } = team.organization;
    const bodies = {
      subscriptions: { total_cents: 500 },
      "payments/intents": { total_cents: 500 },
      "payment-methods": { type: "card", card_token: unique("tok") },
      addresses: PLACE,
      customers: { email: uniqueEmail() },
    };
    for (const batches of [0, 1, 3, Number.POSITIVE_INFINITY]) {
      await detachOrganization(guildhall.db, id, stopAfter(batches));
      for (const { api } of [team.owner, team.billing])
        for (const [kind, body] of Object.entries(bodies))
          expect(await api.post(`/bridge-payment/${kind}`, { organization_id, ...body }), kind).toMatchObject(
            bridgeRefusal(403, "forbidden", NOT_ALLOWED),
          );
    }
    expect(await deletion(id)).toMatchObject({ state: "completed" });
  });

  test("the job may run three times at once and again afterwards", async () => {
    const { db, jobContext } = guildhall;
    const team = await buildTeammates(guildhall);
    const doomed = await addRows(team, 1_500);
    const before = await sumUp(db, doomed);
    const { id, planned } = (await team.owner.api.delete(team.path)).body.data;
    await Promise.all([1, 2, 3].map(() => detachOrganizations.run(jobContext, {})));
    expect(await deletion(id)).toMatchObject({ state: "completed", done: planned });
    expect(await sumUp(db, doomed)).toEqual(before);
    const all = await checksum(db);
    await detachOrganizations.run(jobContext, {});
    await detachOrganization(db, id, never);
    expect(await checksum(db)).toBe(all);
  });

  test("its rows are no defaults, and creators keep their own default", async () => {
    const { owner, billing, organization, path } = await buildTeammates(guildhall);
    const { id: organization_id } = organization;
    const place = { ...PLACE, is_default: true };
    const method = () => ({ type: "card", card_token: unique("tok"), is_default: true });
    const own = [await made(billing, "addresses", place), await made(billing, "payment-methods", method())];
    const shared = [
      await made(billing, "addresses", { organization_id, ...place }),
      await made(billing, "payment-methods", { organization_id, ...method() }),
    ];
    const { id } = (await owner.api.delete(path)).body.data;
    expect(await ownDefaults(billing)).toEqual(own.toSorted());
    for (const resource of shared)
      expect(await billing.api.put(pathOf(resource), { alias: "was shared" })).toMatchObject({
        status: 200,
        body: { data: { is_default: false } },
      });
    expect(await ownDefaults(billing)).toEqual(own.toSorted());
    await detachOrganization(guildhall.db, id, never);
    expect(await ownDefaults(billing)).toEqual(own.toSorted());
  });

  test("several creators may each choose one of its rows as their default", async () => {
    const { owner, admin, billing, organization, path } = await buildTeammates(guildhall);
    const { id: organization_id } = organization;
    const creators = [owner, admin, billing];
    await made(owner, "addresses", { organization_id, ...PLACE, is_default: true });
    const chosen = await Promise.all(
      creators.map((creator) => made(creator, "addresses", { organization_id, ...PLACE })),
    );
    const { id } = (await owner.api.delete(path)).body.data;
    const answers = creators.map(({ api }, n) => api.post(`${pathOf(chosen[n] ?? "")}/set-default`));
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
    await detachOrganization(guildhall.db, id, never);
    expect(await deletion(id)).toMatchObject({ state: "completed" });
    expect(await Promise.all(creators.map(ownDefaults))).toEqual(chosen.map((each) => [each]));
  });

  test("creators may use, change and delete their rows at any time", async () => {
    const { db } = guildhall;
    const team = await buildTeammates(guildhall);
    const { first, last } = await addRows(team, 1_500);
    const { id } = (await team.owner.api.delete(team.path)).body.data;
    await detachOrganization(db, id, stopAfter(1));
    const creators = new Map([team.owner, team.admin, team.billing].map(({ user, api }) => [user.id, api]));
    for (const n of [first, last]) {
      const [customer, payment_method] = ["customers", "payment_methods"].map((table) =>
        idOfNumber(table, n),
      );
      const api = creators.get((await db("customers").where({ id: customer }).first()).user_id);
      const links = { customer_id: customer, payment_method_id: payment_method };
      const intent = await api?.post("/bridge-payment/payments/intents", { total_cents: 500, ...links });
      expect(intent).toMatchObject({ status: 201, body: { data: { organization_id: null, ...links } } });
      const renamed = await api?.put(`/bridge-payment/customers/${customer}`, { name: "New" });
      expect(renamed?.status).toBe(200);
      const address = `/bridge-payment/addresses/${idOfNumber("addresses", n)}`;
      expect((await api?.delete(address))?.status).toBe(200);
    }
    await detachOrganization(db, id, never);
    expect(await deletion(id)).toMatchObject({
      state: "completed",
      done: { addresses: 1_498, customers: 1_498 },
    });
    expect(await db("customers").where({ name: "New", organization_id: null })).toHaveLength(2);
  });
});

describe("a batch of a deletion", () => {
  beforeAll(async () => {
    guildhall = await startGuildhall({ fresh: true });
  });
  afterAll(() => guildhall.stop());

  test("reads only remaining rows, even if old ones can't be cleaned up yet", async () => {
    const { db, settings } = guildhall;
    const ROWS = 20_000;
    const team = await buildTeammates(guildhall);
    await addRows(team, ROWS, ["customers"]);
    const { id } = (await team.owner.api.delete(team.path)).body.data;
    // A long transaction: until it ends, every index keeps the entries of the old rows.
    const reader = await db.transaction({ isolationLevel: "repeatable read" });
    await reader("organizations").first();
    const entriesRead = async (): Promise<number> => {
      const { rows } = await db.raw(
        "select sum(idx_tup_read)::int as read from pg_stat_user_indexes where relname = 'customers'",
      );
      return rows[0].read;
    };
    const before = await entriesRead();
    const worker = openDatabase({ url: settings.DATABASE_URL, poolSize: 1, name: "counted" });
    await detachOrganization(worker, id, never);
    await reader.rollback();
    // Postgres reports a connection's reads once it has ended.
    await worker.destroy();
    const application_name = "guildhall-counted";
    await expect.poll(() => db("pg_stat_activity").where({ application_name })).toEqual([]);
    const read = (await entriesRead()) - before;
    expect(read).toBeGreaterThan(2 * ROWS);
    // Each row once to find it, once to change it, and once or twice, old and new, to see that nothing is left.
    expect(read).toBeLessThan(5 * ROWS);
  });

  test("is not the last one because somebody deletes a row of it", async () => {
    const { db } = guildhall;
    const team = await buildTeammates(guildhall);
    const { first } = await addRows(team, 2_500);
    const { id } = (await team.owner.api.delete(team.path)).body.data;
    const deleting = await db.transaction();
    await deleting("payments")
      .where({ id: idOfNumber("payments", first) })
      .delete();
    const [running] = [detachOrganization(db, id, never), sleep(500).then(() => deleting.commit())];
    await running;
    expect(await deletion(id)).toMatchObject({ state: "completed", done: { payments: 2_499 } });
  });

  test("starts over if a row turns up behind it", async () => {
    const { db } = guildhall;
    const team = await buildTeammates(guildhall);
    const { first } = await addRows(team, 1_500);
    const { id } = (await team.owner.api.delete(team.path)).body.data;
    await detachOrganization(db, id, stopAfter(2));
    // No command does that.
    const { id: organization_id } = team.organization;
    await db("subscriptions")
      .where({ id: idOfNumber("subscriptions", first) })
      .update({ organization_id });
    await expect(detachOrganization(db, id, never)).rejects.toThrow(/foreign key/);
    await detachOrganization(db, id, never);
    expect(await deletion(id)).toMatchObject({ state: "completed", done: { subscriptions: 1_501 } });
  });
});

/** The path of each kind's list. */
const LISTS = {
  subscriptions: "subscriptions",
  payments: "payments",
  "payment-methods": "payment_methods",
  addresses: "addresses",
  customers: "customers",
};

/** Rows of the team's organization, made by three of its members in turn. */
function addRows(
  { organization, owner, admin, billing }: Teammates,
  each: number,
  tables?: string[],
): Promise<Numbers> {
  const { environment_id, id } = organization;
  const user_ids = [owner, admin, billing].map(({ user }) => user.id);
  return addSharedRows(guildhall.db, { environment_id, organization_id: id, user_ids }, each, tables);
}

function personal(...people: Array<Teammates["owner"]>) {
  return { organization_id: null, user_ids: people.map(({ user }) => user.id) };
}

/** For `detachOrganization`: true after so many batches. */
function stopAfter(batches: number): () => boolean {
  let asked = 0;
  return () => asked++ >= batches;
}

function deletion(id: string): Promise<OrganizationDeletion> {
  return guildhall.db("organization_deletions").where({ id }).first();
}

/** The counts each time the owner looked, until it is completed. */
async function followed({ owner, path }: Teammates): Promise<Counts[]> {
  const steps: Counts[] = [];
  for (const deadline = Date.now() + 25_000; Date.now() < deadline; await sleep(50)) {
    const { status, body } = await owner.api.get(`${path}/deletion`);
    expect(status).toBe(200);
    steps.push(body.data.done);
    if (body.data.state === "completed") return steps;
  }
  throw new Error(`not completed within 25 s: ${JSON.stringify(steps.at(-1))}`);
}

function totalOf({ status, body }: ApiAnswer): number {
  expect(status).toBe(200);
  return body.meta.pagination.total;
}

async function made({ api }: Teammates["owner"], kind: string, values: object): Promise<string> {
  const { status, body } = await api.post(`/bridge-payment/${kind}`, values);
  expect(status).toBe(201);
  return body.data.id;
}

function pathOf(id: string): string {
  return `/bridge-payment/${id.startsWith("addr_") ? "addresses" : "payment-methods"}/${id}`;
}

/** The ids of a person's own defaults, in order. */
async function ownDefaults({ user }: Teammates["owner"]): Promise<string[]> {
  return (await Promise.all(["addresses", "payment_methods"].map(defaultsIn))).flat().toSorted();

  function defaultsIn(table: string): Knex.QueryBuilder<object, string[]> {
    return guildhall
      .db(table)
      .where({ user_id: user.id, is_default: true })
      .whereRaw("living_organization(organization_id) is null")
      .pluck("id");
  }
}

/** Whatever a row refers to still exists and has the same creator. */
async function linksHold({ owner, admin, billing }: Teammates, { first }: Numbers): Promise<void> {
  for (const n of [first, first + 1, first + 2]) {
    const id = idOfNumber("subscriptions", n);
    const answers = await Promise.all(
      [owner, admin, billing].map(
        async ({ api }) => [api, await api.get(`/bridge-payment/subscriptions/${id}`)] as const,
      ),
    );
    const seen = answers.filter(([, { status }]) => status === 200);
    expect(seen).toHaveLength(1);
    for (const [api, { body }] of seen) {
      expect(body.data.organization_id).toBeNull();
      const { customer_id, payment_method_id, billing_address_id } = body.data;
      expect(customer_id).toBe(idOfNumber("customers", n));
      for (const linked of [
        `customers/${customer_id}`,
        `payment-methods/${payment_method_id}`,
        `addresses/${billing_address_id}`,
      ])
        expect((await api.get(`/bridge-payment/${linked}`)).status).toBe(200);
    }
  }
}
