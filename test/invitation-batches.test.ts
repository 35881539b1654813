import { describe, expect, test } from "vitest";
import { purge } from "../jobs/purge.ts";
import { purgeInvitationBatches } from "../src/invitation-batches/purge-invitation-batches.ts";
import {
  batchTo,
  buildTeam,
  invitedTo,
  readBatch,
  rowsOf,
  rowsTo,
  runBatches,
  sendBatch,
  someEmails,
} from "./support/batches.ts";
import { buildMember, invitationTo, invite, roleId, unique, uniqueEmail } from "./support/builders.ts";
import { type Guildhall, useGuildhall } from "./support/guildhall.ts";
import { atOnce, statuses } from "./support/invitations.ts";
import { tokenIn } from "./support/mailbox.ts";
import { linkTo } from "./support/one-of-everything.ts";
import { refusal } from "./support/refusal.ts";
import { buildRole } from "./support/roles.ts";

const guildhall = useGuildhall();

const BATCHES = "/api/invitation-batches";
const UNKNOWN_ROLE = "role_01h2xcejqtf2nbrexx3vqjhp41";

function eventsOf({ id }: { id: string }, type: string) {
  return guildhall.db("events").where({ organization_id: id }).where("type", "like", type).orderBy("id");
}

describe("a batch", () => {
  test("a batch is accepted at once with 202 and the URL of its progress", async () => {
    const { owner, organization, api } = await buildTeam(guildhall);
    const answer = await api.post(BATCHES, batchTo(organization.id, rowsTo(someEmails(3))));
    expect(answer.status).toBe(202);
    expect(answer.headers.get("Location")).toBe(`${BATCHES}/${answer.body.data.id}`);
    expect(answer.body.data).toMatchObject({
      attributes: {
        status: "queued",
        dry_run: false,
        ...{ total_count: 3, created_count: 0, failed_count: 0, duplicate_count: 0 },
        ...{ started_at: null, completed_at: null, canceled_at: null },
      },
      relationships: {
        organization: linkTo("organization", organization.id),
        created_by: linkTo("user", owner.user.id),
      },
    });
    expect(await invitedTo(guildhall, organization)).toEqual([]);
  });

  test("a batch invites every row like a single invitation", async () => {
    const { owner, organization, api } = await buildTeam(guildhall);
    const [first = "", second = ""] = someEmails(2);
    const billing = await roleId(guildhall, organization.environment_id, "billing");
    const expires_at = new Date(Date.now() + 3 * 86_400_000).toISOString();
    const details = { message: "Come!", locale: "en", metadata: { desk: 5 }, expires_at };
    const rows = [{ email: first, role_ids: [billing], ...details }, { email: second }];
    const id = await sendBatch(api, organization, rows);
    await runBatches(guildhall);

    const read = await readBatch(guildhall, id);
    expect(read.attributes).toMatchObject({ status: "completed", created_count: 2, failed_count: 0 });
    expect(Date.parse(read.attributes.completed_at)).toBeGreaterThan(0);
    const [one, two] = await rowsOf(guildhall, id);
    expect(one).toMatchObject({ number: 1, email: first, status: "created", code: null, detail: null });
    const invitation = (await api.get(`/api/invitations/${one?.invitation_id}`)).body.data;
    expect(invitation).toMatchObject({
      attributes: { email: first, role_ids: [billing], status: "pending", ...details },
      relationships: { inviter: linkTo("user", owner.user.id) },
    });
    const single = (await invite(guildhall, organization, uniqueEmail())).body.data.attributes;
    const { attributes } = (await api.get(`/api/invitations/${two?.invitation_id}`)).body.data;
    expect(attributes.role_ids).toEqual(single.role_ids);
    const days = (time: string) => Math.round((Date.parse(time) - Date.now()) / 86_400_000);
    expect(days(attributes.expires_at)).toBe(days(single.expires_at));

    const created = await eventsOf(organization, "invitation.created");
    expect(created.filter(({ actor_user_id }) => actor_user_id === owner.user.id)).toHaveLength(2);
    const recorded = await eventsOf(organization, "invitation_batch.%");
    expect(recorded).toMatchObject([
      {
        type: "invitation_batch.created",
        actor_user_id: owner.user.id,
        subject_id: id,
        data: { total_count: 2, dry_run: false },
      },
      {
        type: "invitation_batch.completed",
        actor_kind: "system",
        subject_id: id,
        data: { total_count: 2, created_count: 2, failed_count: 0, duplicate_count: 0 },
      },
    ]);
    // All events name the request that asked for them.
    const requests = new Set([...recorded, ...created.slice(0, 2)].map(({ request_id }) => request_id));
    expect(requests.size).toBe(1);
    await guildhall.jobContext.deliveries.run();
    expect((await guildhall.mailbox.waitFor(first)).mail.text).toContain("Come!");
    const token = tokenIn(await guildhall.mailbox.waitFor(second));
    const path = `/api/invitations/${two?.invitation_id}/accept`;
    expect(await guildhall.api.as(null).post(path, { meta: { token } })).toMatchObject({ status: 200 });
  });

  test("a worker runs a batch and sends its emails at once", async () => {
    const { organization, api } = await buildTeam(guildhall);
    guildhall.startWorker();
    const addresses = someEmails(5);
    const id = await sendBatch(api, organization, rowsTo(addresses));
    for (const address of addresses) await guildhall.mailbox.waitFor(address);
    await guildhall.stopWorker();
    expect((await readBatch(guildhall, id)).attributes).toMatchObject({
      status: "completed",
      created_count: 5,
    });
  });

  test("a batch keeps the order of its rows", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const addresses = someEmails(230);
    const id = await sendBatch(api, organization, rowsTo(addresses));
    await runBatches(guildhall);
    const listed: Array<{ number: number; email: string }> = [];
    for (let url = `${BATCHES}/${id}/rows?page[size]=100`; url !== null; ) {
      const { body } = await api.get(url);
      listed.push(...body.data.map((row: { attributes: object }) => row.attributes));
      url = body.links.next;
    }
    expect(listed.map(({ number }) => number)).toEqual(addresses.map((_, index) => index + 1));
    expect(listed.map(({ email }) => email)).toEqual(addresses);
  });

  test("a batch waits only for an earlier one of its organization", async () => {
    const [team, other] = [await buildTeam(guildhall), await buildTeam(guildhall)];
    const first = await sendBatch(team.api, team.organization, rowsTo(someEmails(250)));
    const second = await sendBatch(team.api, team.organization, rowsTo(someEmails(1)));
    const elsewhere = await sendBatch(other.api, other.organization, rowsTo(someEmails(1)));
    let chunks = 0;
    await runBatches(guildhall, () => chunks++ >= 3);
    const statuses = async () =>
      Promise.all(
        [first, second, elsewhere].map(async (id) => (await readBatch(guildhall, id)).attributes.status),
      );
    expect(await statuses()).toEqual(["running", "queued", "completed"]);
    await runBatches(guildhall);
    expect(await statuses()).toEqual(["completed", "completed", "completed"]);
  });
});

describe("an organization's unfinished batches", () => {
  test("30 batches at once leave 10 unfinished: 409 batch_limit", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const answers = await atOnce(30, (n) => {
      const document = batchTo(organization.id, rowsTo(someEmails(20)), { dry_run: n % 3 === 0 });
      return (n % 2 === 0 ? guildhall.api : api).post(BATCHES, document);
    });
    expect(statuses(answers)).toEqual({ 202: 10, 409: 20 });
    const refused = answers.filter(({ status }) => status === 409);
    for (const answer of refused) expect(answer).toMatchObject(refusal(409, "batch_limit"));
    const batches = await guildhall.db("invitation_batches").where({ organization_id: organization.id });
    expect(batches.map(({ status }) => status)).toEqual(Array(10).fill("queued"));
    expect(await eventsOf(organization, "invitation_batch.%")).toHaveLength(10);
  });

  test("a completed or canceled batch makes room in its organization", async () => {
    const [{ organization, api }, other] = [await buildTeam(guildhall), await buildTeam(guildhall)];
    const send = () => api.post(BATCHES, batchTo(organization.id, rowsTo(someEmails(1))));
    const [first] = await atOnce(10, send);
    expect(await send()).toMatchObject(refusal(409, "batch_limit"));
    await sendBatch(other.api, other.organization, rowsTo(someEmails(1)));
    await api.post(`${BATCHES}/${first?.body.data.id}/cancel`);
    expect(await send()).toMatchObject({ status: 202 });
    expect(await send()).toMatchObject(refusal(409, "batch_limit"));
    await runBatches(guildhall);
    expect(await send()).toMatchObject({ status: 202 });
  });
});

describe("a row that is wrong", () => {
  test("a wrong row fails like a single invitation and stops no other", async () => {
    const { organization } = await buildTeam(guildhall);
    const { environment_id } = organization;
    const admin = await buildMember(guildhall, organization, "admin");
    const api = guildhall.api.as(admin.token);
    const pending = uniqueEmail();
    await invite(guildhall, organization, pending);
    const foreign = await buildRole(guildhall, [], (await buildTeam(guildhall)).organization.id);
    const wrong: Array<[code: string, row: Record<string, unknown>]> = [
      ["invalid_attribute", { email: "no address" }],
      ["invalid_attribute", { email: "jane@example.com, joe@example.com" }],
      ["invalid_attribute", { email: "" }],
      ["invalid_attribute", {}],
      ["invalid_attribute", { email: 5 }],
      ["invalid_attribute", { email: uniqueEmail(), role_ids: "admin" }],
      ["invalid_attribute", { email: uniqueEmail(), message: "x".repeat(501) }],
      ["invalid_attribute", { email: uniqueEmail(), locale: "English" }],
      ["invalid_attribute", { email: uniqueEmail(), metadata: [] }],
      ["invalid_attribute", { email: uniqueEmail(), expires_at: "tomorrow" }],
      ["unknown_attribute", { email: uniqueEmail(), colour: "red" }],
      ["not_found", { email: uniqueEmail(), role_ids: [UNKNOWN_ROLE] }],
      ["not_found", { email: uniqueEmail(), role_ids: ["member"] }],
      ["not_found", { email: uniqueEmail(), role_ids: [foreign] }],
      [
        "owner_not_grantable",
        { email: uniqueEmail(), role_ids: [await roleId(guildhall, environment_id, "owner")] },
      ],
      [
        "role_exceeds_own",
        { email: uniqueEmail(), role_ids: [await buildRole(guildhall, ["organization:delete"])] },
      ],
      ["already_member", { email: admin.user.email }],
      ["already_member", { email: admin.user.email.toUpperCase() }],
      ["invitation_pending", { email: pending }],
      ["invalid_expires_at", { email: uniqueEmail(), expires_at: "2020-01-31T12:00:00Z" }],
      ["invalid_expires_at", { email: uniqueEmail(), expires_at: "2199-01-31T12:00:00Z" }],
    ];
    const good = someEmails(2);
    const rows = [{ email: good[0] }, ...wrong.map(([, row]) => row), { email: good[1] }];
    const id = await sendBatch(api, organization, rows);
    await runBatches(guildhall);

    expect((await readBatch(guildhall, id)).attributes).toMatchObject({
      status: "completed",
      ...{ total_count: rows.length, created_count: 2, failed_count: wrong.length - 1, duplicate_count: 1 },
    });
    expect(await invitedTo(guildhall, organization)).toEqual([pending, ...good].sort());
    const became = await rowsOf(guildhall, id);
    expect(became.map(({ status }) => status)).toEqual([
      "created",
      ...wrong.map(([, { email }]) => (email === admin.user.email.toUpperCase() ? "duplicate" : "failed")),
      "created",
    ]);
    for (const [index, [code, row]] of wrong.entries()) {
      const found = became[index + 1];
      expect(found?.invitation_id).toBeNull();
      expect(found?.email ?? undefined).toEqual(typeof row.email === "string" ? row.email : undefined);
      if (found?.status === "duplicate") continue;
      expect(found?.code, JSON.stringify(row)).toBe(code);
      const { email, ...attributes } = row;
      const single = await api.post(
        "/api/invitations",
        invitationTo(organization.id, email as string, attributes),
      );
      expect(single.status).toBeGreaterThanOrEqual(400);
      const [error] = single.body.errors;
      expect(error.code).toBe(code);
      // A single invitation's error points at what is unknown, and a row's sentence names it.
      if (code !== "unknown_attribute") expect(found?.detail).toBe(error.detail);
    }
  });

  test.each<[what: string, row: unknown]>([
    ["null", null],
    ["a number", 5],
    ["a text", "jane@example.com"],
    ["a list", [uniqueEmail()]],
    ["a list of lists", [[[[]]]]],
    ["an address of 4,000 characters", { email: `${"x".repeat(4_000)}@example.com` }],
    ["an address of 3,000 faces", { email: "🙂".repeat(3_000) }],
    ["an invitation of 65 KiB", { email: uniqueEmail(), metadata: { x: "x".repeat(65 * 1024) } }],
    ["2,000 roles", { email: uniqueEmail(), role_ids: Array(2_000).fill("role") }],
    ["a thousand attributes", Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`🙂${n}`, n]))],
  ])("an unreadable row is kept as failed: %s", async (_, row) => {
    const { organization, api } = await buildTeam(guildhall);
    const good = uniqueEmail();
    const id = await sendBatch(api, organization, [row, { email: good }]);
    await runBatches(guildhall);
    const [failed, created] = await rowsOf(guildhall, id);
    expect(failed).toMatchObject({
      status: "failed",
      code: expect.stringMatching(/^(invalid|unknown)_attribute$/),
    });
    expect(failed?.detail.length).toBeLessThanOrEqual(500);
    expect(created).toMatchObject({ status: "created", email: good });
    expect(await api.get(`${BATCHES}/${id}/rows`)).toMatchObject({ status: 200 });
  });

  test("a row with the address of an earlier row is a duplicate", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const [name, other] = [unique("jane"), uniqueEmail()];
    const rows = [
      { email: `${name}@EXAMPLE.com`, message: "first" },
      { email: other },
      { email: `${name}@example.com` },
      { email: `${name.toUpperCase()}@example.com`, locale: "no language at all" },
      { email: `${name.toUpperCase()}@Example.Com` },
    ];
    const id = await sendBatch(api, organization, rows);
    await runBatches(guildhall);
    const became = await rowsOf(guildhall, id);
    const duplicate = { status: "duplicate", code: "duplicate_row", invitation_id: null };
    expect(became).toMatchObject([
      { status: "created", email: `${name}@EXAMPLE.com` },
      { status: "created" },
      { ...duplicate, detail: "Row 1 has the same address." },
      { status: "failed", code: "invalid_attribute" },
      duplicate,
    ]);
    expect(await invitedTo(guildhall, organization)).toHaveLength(2);
    const { attributes } = await readBatch(guildhall, id);
    expect(attributes).toMatchObject({
      total_count: 5,
      created_count: 2,
      failed_count: 1,
      duplicate_count: 2,
    });
  });

  test("a settled row keeps nothing of its request", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const rows = [
      { email: uniqueEmail(), message: "Come!" },
      { email: uniqueEmail(), role_ids: [UNKNOWN_ROLE] },
    ];
    const id = await sendBatch(api, organization, rows);
    expect((await rowsOf(guildhall, id)).map(({ input }) => input === null)).toEqual([false, false]);
    await runBatches(guildhall);
    expect((await rowsOf(guildhall, id)).map(({ input }) => input)).toEqual([null, null]);
  });
});

describe("a dry run", () => {
  test("a dry run judges every row and writes only outcomes", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const overdue = uniqueEmail();
    const lapsing = (await invite(guildhall, organization, overdue)).body.data.id;
    await guildhall.db("invitations").where({ id: lapsing }).update({ expires_at: "2020-01-01" });
    const rows = [
      ...rowsTo([overdue, ...someEmails(120)]),
      { email: uniqueEmail(), role_ids: [UNKNOWN_ROLE] },
    ];
    const tables = ["invitations", "invitation_roles", "mail_deliveries", "memberships"];
    const world = () => Promise.all(tables.map((table) => guildhall.db(table).orderBy(1)));
    const before = await world();

    const id = await sendBatch(api, organization, rows, { dry_run: true });
    await runBatches(guildhall);
    expect(await world()).toEqual(before);
    expect((await readBatch(guildhall, id)).attributes).toMatchObject({
      ...{ dry_run: true, status: "completed", created_count: 121, failed_count: 1 },
    });
    const became = await rowsOf(guildhall, id);
    expect(new Set(became.slice(0, -1).map(({ status }) => status))).toEqual(new Set(["created"]));
    expect(became.every(({ invitation_id }) => invitation_id === null)).toBe(true);
    expect(became.at(-1)).toMatchObject({ status: "failed", code: "not_found" });
    expect(await eventsOf(organization, "invitation.expired")).toEqual([]);
    expect((await eventsOf(organization, "invitation_batch.%")).map(({ type }) => type)).toEqual([
      "invitation_batch.created",
      "invitation_batch.completed",
    ]);

    const real = await sendBatch(api, organization, rows);
    await runBatches(guildhall);
    const judged = (all: typeof became) => all.map(({ status, code, detail }) => ({ status, code, detail }));
    expect(judged(await rowsOf(guildhall, real))).toEqual(judged(became));
  });
});

describe("canceling", () => {
  const cancel = (api: Guildhall["api"], id: string) => api.post(`${BATCHES}/${id}/cancel`);

  test("canceling stops a batch in the middle and keeps its invitations", async () => {
    const { owner, organization, api } = await buildTeam(guildhall);
    const id = await sendBatch(api, organization, rowsTo(someEmails(350)));
    let chunks = 0;
    await runBatches(guildhall, () => chunks++ >= 2);
    const canceled = await cancel(api, id);
    expect(canceled).toMatchObject({ status: 200, body: { data: { attributes: { status: "canceled" } } } });
    await runBatches(guildhall);
    const { attributes } = await readBatch(guildhall, id);
    expect(attributes).toMatchObject({ status: "canceled", created_count: 200, completed_at: null });
    expect(Date.parse(attributes.canceled_at)).toBeGreaterThan(0);
    const became = await rowsOf(guildhall, id);
    expect(became.map(({ status }) => status)).toEqual([
      ...Array(200).fill("created"),
      ...Array(150).fill("canceled"),
    ]);
    expect(await invitedTo(guildhall, organization)).toHaveLength(200);
    expect((await eventsOf(organization, "invitation_batch.canceled"))[0]).toMatchObject({
      actor_user_id: owner.user.id,
      data: { total_count: 350, created_count: 200 },
    });
  });

  test("canceling waits for the rows in work, and none starts after", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const id = await sendBatch(api, organization, rowsTo(someEmails(600)));
    const running = runBatches(guildhall);
    await expect
      .poll(async () => (await readBatch(guildhall, id)).attributes.created_count, {
        timeout: 20_000,
        interval: 5,
      })
      .toBeGreaterThan(0);
    const { created_count } = (await cancel(api, id)).body.data.attributes;
    await running;
    expect(await invitedTo(guildhall, organization)).toHaveLength(created_count);
    expect((await readBatch(guildhall, id)).attributes).toMatchObject({ status: "canceled", created_count });
  });

  test("canceling again returns the same and leaves one event", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const id = await sendBatch(api, organization, rowsTo(someEmails(1)));
    const answers = await Promise.all([cancel(api, id), cancel(api, id), cancel(api, id)]);
    for (const answer of answers) expect(answer.body).toEqual(answers[0]?.body);
    expect(await eventsOf(organization, "invitation_batch.canceled")).toHaveLength(1);
  });

  test("canceling a completed batch is 409 batch_completed", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const id = await sendBatch(api, organization, rowsTo(someEmails(1)));
    await runBatches(guildhall);
    expect(await cancel(api, id)).toMatchObject(refusal(409, "batch_completed"));
  });
});

describe("a batch that has ended", () => {
  /** Moves its end back in time. */
  const age = (id: string, ended: "completed_at" | "canceled_at", ago: string) =>
    guildhall
      .db("invitation_batches")
      .where({ id })
      .update({ [ended]: guildhall.db.raw("now() - cast(? as interval)", [ago]) });
  const isKept = async (id: string) =>
    (await guildhall.api.get(`${BATCHES}/${id}`)).status === 200 && (await rowsOf(guildhall, id)).length > 0;

  test("a batch is purged with its rows 90 days after its end", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const send = () => sendBatch(api, organization, rowsTo(someEmails(3)));
    const [old, young, canceled] = [await send(), await send(), await send()];
    await api.post(`${BATCHES}/${canceled}/cancel`);
    await runBatches(guildhall);
    const unfinished = await send();
    await age(old, "completed_at", "90 days 1 minute");
    await age(canceled, "canceled_at", "90 days 1 minute");
    await age(young, "completed_at", "89 days 23 hours");
    await guildhall.db("invitation_batches").where({ id: unfinished }).update({ created_at: "2020-01-01" });
    const invitations = await invitedTo(guildhall, organization);
    const events = await eventsOf(organization, "%");
    // Running it twice is harmless.
    for (let time = 0; time < 2; time += 1) {
      await purge.run(guildhall.jobContext, {});
      expect(await Promise.all([old, canceled, young, unfinished].map(isKept))).toEqual([
        ...[false, false],
        ...[true, true],
      ]);
    }
    expect(await rowsOf(guildhall, old)).toEqual([]);
    expect(await invitedTo(guildhall, organization)).toEqual(invitations);
    expect(await eventsOf(organization, "%")).toEqual(events);
  });

  test("two purges at once, or a stopped one, leave nothing half done", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const ids: string[] = [];
    for (let n = 0; n < 8; n += 1) ids.push(await sendBatch(api, organization, rowsTo(someEmails(2))));
    await runBatches(guildhall);
    for (const id of ids) await age(id, "completed_at", "100 days");
    let asked = 0;
    expect(await purgeInvitationBatches(guildhall.db, () => asked++ >= 3)).toBe(3);
    const purged = await Promise.all([1, 2].map(() => purgeInvitationBatches(guildhall.db, () => false)));
    expect(purged.reduce((sum, count) => sum + count)).toBe(5);
    expect(await Promise.all(ids.map(isKept))).toEqual(ids.map(() => false));
    expect(await purgeInvitationBatches(guildhall.db, () => false)).toBe(0);
  });

  test("batches to purge are found by an index", async () => {
    const { rows } = await guildhall.db.raw(
      `explain select id from invitation_batches
       where status in ('completed', 'canceled') and coalesce(completed_at, canceled_at) < now() - make_interval(days => 90)
       order by coalesce(completed_at, canceled_at) limit 1`,
    );
    expect(JSON.stringify(rows)).toContain("invitation_batches_finished_index");
  });
});
