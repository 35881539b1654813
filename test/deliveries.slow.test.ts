import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { allJobs } from "../jobs/all-jobs.ts";
import { openQueueBackend } from "../jobs/queue-backend.ts";
import { startWorker } from "../jobs/worker.ts";
import { createApp } from "../src/app.ts";
import { SYSTEM } from "../src/events/record-events.ts";
import { serve } from "../src/http/serve.ts";
import { newId } from "../src/lib/id.ts";
import { claimDeliveries, LEASE_SECONDS } from "../src/mail/claim-deliveries.ts";
import { createDeliveryRunner, type DeliveryRunner } from "../src/mail/delivery-runner.ts";
import { createMailRenderer } from "../src/mail/mail-renderer.ts";
import { failed, sent } from "../src/mail/outcome.ts";
import { recordOutcomes } from "../src/mail/record-outcomes.ts";
import type { MailDelivery } from "../src/models/mail-delivery.ts";
import type { Organization } from "../src/models/organization.ts";
import { deleteOrganization } from "../src/organizations/delete-organization.ts";
import { createApi } from "./support/api.ts";
import { buildOrganization, buildPerson, invite, uniqueEmail } from "./support/builders.ts";
import { startGate } from "./support/gate.ts";
import { backends, type Guildhall, startGuildhall } from "./support/guildhall.ts";
import { tokenIn } from "./support/mailbox.ts";
import { type OwnRedis, startOwnRedis } from "./support/own-redis.ts";
import { type ScriptedSmtp, startScriptedSmtp } from "./support/scripted-smtp.ts";

let guildhall: Guildhall;
let organization: Organization;

async function start(options: Parameters<typeof startGuildhall>[0]): Promise<void> {
  guildhall = await startGuildhall(options);
  organization = await buildOrganization(guildhall, await buildPerson(guildhall));
}

describe.each(backends())("an invitation's email, queue on %s", (backend) => {
  afterEach(() => guildhall.stop());

  test("an invitation's email leaves at once, without the sweeper", async () => {
    await start({ backend, worker: true, settings: { SWEEP_EVERY: 3_600_000 } });
    const { email } = await invited();
    await expect.poll(() => mailsTo(email), { timeout: 2_000, interval: 10 }).toBe(1);
  });

  test("the sweeper sends an email that was never queued", async () => {
    await start({ backend, worker: true, settings: { SWEEP_EVERY: 300 } });
    const { id, email } = await invited();
    await expect.poll(() => read(id), { timeout: 10_000 }).toMatchObject({ state: "sent" });
    await guildhall.db("mail_deliveries").where({ id }).update({ state: "pending", due_at: "2020-01-01" });
    await expect.poll(() => mailsTo(email), { timeout: 10_000 }).toBe(2);
  });
});

test("leaves soon after Postgres accepts the queue again", async () => {
  await start({ settings: { SWEEP_EVERY: 300 } });
  const gate = await startGate(guildhall.settings.DATABASE_URL);
  const backend = openQueueBackend({ DATABASE_URL: gate.url });
  const worker = startWorker(backend, guildhall.jobContext);
  const { email } = await invited();
  await expect.poll(() => mailsTo(email), { timeout: 10_000 }).toBe(1);
  await gate.shut();
  const late = await invited();
  await sleep(1_500);
  await gate.open();
  await expect.poll(() => mailsTo(late.email), { timeout: 6_000 }).toBe(1);
  await worker.stop();
  await backend.close();
  await guildhall.stop();
});

describe("a delivery", () => {
  beforeAll(() => start({}));
  afterAll(() => guildhall.stop());
  beforeEach(() => guildhall.db("mail_deliveries").update({ due_at: null }));

  test("is sent once, even by twenty workers at once", async () => {
    const runners = await Promise.all(Array.from({ length: 20 }, () => another()));
    const ids = await Promise.all([1, 2, 3].map(() => invited()));
    await Promise.all(runners.map((runner) => runner.run()));
    await Promise.all(runners.map((runner) => runner.stop(5_000)));
    for (const { id, email } of ids) {
      expect(mailsTo(email)).toBe(1);
      expect(await read(id)).toMatchObject({ state: "sent", attempts: 1 });
    }
  });

  test("whose workers die is sent once more, then settled as unknown", async () => {
    const { id, email } = await invited();
    await claimAndDie(id);
    await claimAndDie(id);
    expect(await read(id)).toMatchObject({ state: "sending", attempts: 2, ambiguous_attempts: 1 });
    await guildhall.jobContext.deliveries.run();
    expect(await read(id)).toMatchObject({ state: "unknown", ambiguous_attempts: 2, due_at: null });
    expect((await read(id)).reply).toMatch(/nobody knows/);
    expect(mailsTo(email)).toBe(0);
  });

  test("can't be changed by a worker that lost its lease", async () => {
    const { id } = await invited();
    await claimAndDie(id);
    const [held] = await claimDeliveries(guildhall.db, {
      limit: 1,
      seconds: LEASE_SECONDS,
      domain: "guildhall.test",
    });
    expect(held).toMatchObject({ id, attempts: 2 });
    const before = await read(id);
    const broken = { code: "ECONNECTION", command: "CONN", responseCode: null, reply: "" };
    const lost = { ...broken, senderAccepted: true, dataAccepted: false };
    await recordOutcomes(guildhall.db, [{ id, attempts: 1, ...failed(lost, 1, 0) }]);
    expect(await read(id)).toEqual(before);
  });

  test("is accepted even if the worker had lost its lease", async () => {
    const { id } = await invited();
    await claimAndDie(id);
    await claimDeliveries(guildhall.db, { limit: 1, seconds: LEASE_SECONDS, domain: "guildhall.test" });
    await recordOutcomes(guildhall.db, [{ id, attempts: 1, ...sent(250, "250 kept") }]);
    expect(await read(id)).toMatchObject({ state: "sent", due_at: null });
  });

  describe("an obsolete email is settled with the reason and not sent", () => {
    const answerTo = async (id: string, how: string, meta: object) =>
      expect((await guildhall.api.post(`/api/invitations/${id}/${how}`, { meta })).status).toBe(200);
    const change = (id: string, columns: object) => guildhall.db("invitations").where({ id }).update(columns);

    test.each<[string, (invitation: string, email: string) => Promise<unknown>, string]>([
      ["revoked", (id) => answerTo(id, "revoke", {}), "the invitation was revoked"],
      ["declined", (id) => answerTo(id, "decline", {}), "the invitation was declined"],
      ["overdue", (id) => change(id, { expires_at: "2020-01-01" }), "the invitation had expired"],
      ["superseded", (id) => change(id, { token_version: 2 }), "a newer email replaced it"],
      [
        "of an organization that is being deleted",
        () => deleteOrganization(guildhall.context, organization, SYSTEM),
        "the organization is being deleted",
      ],
      [
        "to a suppressed address",
        (_, email_canonical) => {
          const { environment_id } = organization;
          return guildhall
            .db("suppressions")
            .insert({ id: newId("sup"), environment_id, email_canonical, reason: "opted_out" });
        },
        "the address is suppressed",
      ],
    ])("%s", async (_, becomeMoot, reason) => {
      organization = await buildOrganization(guildhall, await buildPerson(guildhall));
      const { id, invitation, email } = await invited();
      await becomeMoot(invitation, email);
      await guildhall.jobContext.deliveries.run();
      const settled = { state: "suppressed", attempts: 0, due_at: null, reply: `not sent: ${reason}` };
      expect(await read(id)).toMatchObject(settled);
      expect(mailsTo(email)).toBe(0);
    });

    test("an email that may have arrived is not reported as unsent", async () => {
      const { id, invitation } = await invited();
      await claimAndDie(id);
      await answerTo(invitation, "decline", {});
      await guildhall.jobContext.deliveries.run();
      const reply = "not sent again: the invitation was declined";
      expect(await read(id)).toMatchObject({ state: "unknown", ambiguous_attempts: 1, due_at: null, reply });
    });
  });

  /** A worker takes the delivery and disappears; its lease runs out. */
  async function claimAndDie(id: string): Promise<void> {
    const claimed = await claimDeliveries(guildhall.db, {
      limit: 10,
      seconds: LEASE_SECONDS,
      domain: "guildhall.test",
    });
    expect(claimed.map((delivery) => delivery.id)).toEqual([id]);
    await guildhall.db("mail_deliveries").where({ id }).update({ due_at: guildhall.db.fn.now() });
  }
});

describe("a worker that stops", () => {
  let smtp: ScriptedSmtp;
  let runner: DeliveryRunner;

  beforeAll(async () => {
    smtp = await startScriptedSmtp();
    await start({ settings: { SMTP_URL: smtp.url } });
  });
  afterAll(async () => {
    await guildhall.stop();
    await smtp.stop();
  });
  beforeEach(async () => {
    smtp.reset();
    await guildhall.db("mail_deliveries").update({ due_at: null });
    runner = await another();
  });

  test("finishes emails in progress, and takes no new ones", async () => {
    const { promise, open } = barrier();
    smtp.script({ at: "dot", does: promise });
    const first = await invited();
    await runner.run();
    await expect.poll(() => smtp.ahead()).toBe(0);
    const second = await invited();
    const stopping = runner.stop(10_000);
    await runner.run();
    expect(await Promise.race([stopping.then(() => "stopped"), sleep(300, "waits")])).toBe("waits");
    open();
    await stopping;
    expect(await read(first.id)).toMatchObject({ state: "sent" });
    expect(await read(second.id)).toMatchObject({ state: "pending", attempts: 0 });
  });

  test("gives up hanging emails, and records what it knows", async () => {
    const many = await Promise.all(Array.from({ length: 40 }, () => invited()));
    // The first fails after the message, with an unknown outcome; the others before it, with a certain one.
    smtp.script(
      { at: "dot", does: "silence" },
      ...many.map(() => ({ at: "ehlo", does: "silence" }) as const),
    );
    const running = runner.run();
    await expect.poll(() => smtp.connections).toBeGreaterThan(9);
    const began = Date.now();
    await runner.stop(200);
    await running;
    expect(Date.now() - began).toBeLessThan(5_000);
    const states = await guildhall
      .db("mail_deliveries")
      .whereNotNull("due_at")
      .groupBy("state")
      .select("state");
    expect(states.map(({ state }) => state)).not.toContain("sending");
  });

  test("a worker renews its leases while a receiver is slow", { timeout: 60_000 }, async () => {
    const { promise, open } = barrier();
    smtp.script({ at: "dot", does: promise });
    const { id } = await invited();
    await runner.run();
    const { due_at } = await read(id);
    const lease = async () => Number((await read(id)).due_at);
    await expect.poll(lease, { timeout: 40_000, interval: 500 }).toBeGreaterThan(Number(due_at));
    open();
    await runner.stop(5_000);
    expect(await read(id)).toMatchObject({ state: "sent", attempts: 1 });
  });

  test("a worker retries recording an outcome and sends nothing twice", async () => {
    const { promise, open } = barrier();
    smtp.script({ at: "dot", does: promise });
    const { id } = await invited();
    await runner.run();
    await guildhall.db.raw("alter table mail_deliveries rename to mail_deliveries_away");
    open();
    await sleep(300);
    await guildhall.db.raw("alter table mail_deliveries_away rename to mail_deliveries");
    await expect.poll(() => read(id), { timeout: 5_000 }).toMatchObject({ state: "sent", attempts: 1 });
    expect(smtp.kept).toHaveLength(1);
    await runner.stop(1_000);
  });
});

describe.skipIf(!backends().includes("redis"))("when Redis is in trouble", { timeout: 60_000 }, () => {
  let redis: OwnRedis;

  beforeEach(async () => {
    redis = await startOwnRedis();
    const settings = { REDIS_URL: redis.url, SWEEP_EVERY: 300 };
    await start({ backend: "redis", worker: true, settings });
  });
  afterEach(async () => {
    await guildhall.stop();
    await redis.stop();
  });

  test("emails leave once a frozen Redis is back, and no request waits", async () => {
    redis.signal("SIGSTOP");
    const mails = [await invitedAtOnce(), await invitedAtOnce()];
    await sleep(3_000);
    redis.signal("SIGCONT");
    for (const { email } of mails) await expect.poll(() => mailsTo(email), { timeout: 20_000 }).toBe(1);
  });

  test("the sweeper sends emails whose wake-ups died with Redis", async () => {
    await redis.stop();
    const { email } = await invitedAtOnce();
    await redis.start();
    await expect.poll(() => mailsTo(email), { timeout: 40_000 }).toBe(1);
  });

  test("schedules are restored after Redis loses its data", async () => {
    const lifecycle = guildhall.backend.queue("lifecycle", { patient: true });
    const schedules = async () => (await lifecycle.getJobSchedulers()).map(({ name }) => name).sort();
    const expected = allJobs.filter(({ every }) => every !== undefined).map(({ name }) => name);
    await expect.poll(schedules, { timeout: 5_000 }).toEqual(expected.sort());
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
    await expect.poll(schedules, { timeout: 40_000, interval: 500 }).toEqual(expected);
    const { id, email } = await invited();
    await expect.poll(() => read(id), { timeout: 20_000 }).toMatchObject({ state: "sent" });
    await guildhall.db("mail_deliveries").where({ id }).update({ state: "pending", due_at: "2020-01-01" });
    await expect.poll(() => mailsTo(email), { timeout: 20_000 }).toBe(2);
    await lifecycle.close();
  });

  test.each([
    ["gone", () => redis.stop()],
    ["frozen", () => redis.signal("SIGSTOP")],
  ])("a worker stops even if Redis is %s", async (_, trouble) => {
    await trouble();
    const stopped = guildhall.stopWorker().then(() => "stopped");
    expect(await Promise.race([stopped, sleep(10_000, "hangs")])).toBe("stopped");
  });

  async function invitedAtOnce(): Promise<Invited> {
    const began = performance.now();
    const mail = await invited();
    expect(performance.now() - began).toBeLessThan(1_000);
    return mail;
  }
});

describe.each(backends())("the secret in a link, queue on %s", (backend) => {
  test("a link's secret is in the email and in no table, queue or log", async () => {
    let log = "";
    const written = new Writable({
      write(chunk, _, done) {
        log += chunk;
        done();
      },
    });
    await start({ backend });
    const context = { ...guildhall.jobContext, log: pino({ level: "trace" }, written) };
    const deliveries = createDeliveryRunner({
      ...context,
      renderer: createMailRenderer(inject("mailSources")),
    });
    const server = await serve(createApp(context), { port: 0, host: "127.0.0.1" });
    const worker = startWorker(guildhall.backend, { ...context, deliveries });
    const { invitation, email } = await invited();
    const token = tokenIn(await guildhall.mailbox.waitFor(email));
    const api = createApi(`http://127.0.0.1:${server.port}`, { "X-Environment": "acme-test" });
    await api.get(`/i/${token}`);
    await api.get(`/invitations/${invitation}`, { Cookie: `${invitation}=${token}` });
    await api.post(`/api/invitations/${invitation}/accept`, { meta: { token: `${token}x` } });
    const accepted = await api.post(`/api/invitations/${invitation}/accept`, { meta: { token } });
    expect(accepted.status).toBe(200);

    const signature = token.slice(-43);
    const rest = {
      answer: JSON.stringify(accepted.body),
      log,
      tables: await tables(),
      redis: await redisKeys(),
    };
    for (const [place, content] of Object.entries(rest)) expect(content, place).not.toContain(signature);
    expect(log, "the log was written").toContain("delivery attempted");
    expect(rest.tables, "the tables were read").toContain(email);
    await worker.stop();
    await deliveries.stop(1_000);
    await server.stop(1_000);
    await guildhall.stop();
  });

  /** Every row of every table, including BullMQ's. */
  async function tables(): Promise<string> {
    const { rows } = await guildhall.db.raw(
      `select query_to_xml(format('select t::text from %I.%I t', schemaname, tablename), true, false, '')::text as xml
       from pg_tables where schemaname in ('public', 'bullmq')`,
    );
    return rows.map(({ xml }: { xml: string }) => xml).join("\n");
  }

  async function redisKeys(): Promise<string> {
    if (backend !== "redis") return "";
    const client = new Redis(guildhall.settings.REDIS_URL ?? "");
    const read = async (key: string) => {
      const type = await client.type(key);
      if (type === "hash") return client.hgetall(key);
      if (type === "list") return client.lrange(key, 0, -1);
      if (type === "zset") return client.zrange(key, "0", "-1");
      if (type === "set") return client.smembers(key);
      return type === "stream" ? client.xrange(key, "-", "+") : client.get(key);
    };
    const values = await Promise.all((await client.keys("*")).map(read));
    client.disconnect();
    expect(values.length).toBeGreaterThan(0);
    return JSON.stringify(values);
  }
});

interface Invited {
  /** The delivery's row. */
  id: string;
  invitation: string;
  email: string;
}

async function invited(): Promise<Invited> {
  const email = uniqueEmail();
  const { status, body } = await invite(guildhall, organization, email);
  expect(status).toBe(201);
  const invitation: string = body.data.id;
  const { id } = await guildhall.db("mail_deliveries").where({ invitation_id: invitation }).first("id");
  return { id, invitation, email };
}

function read(id: string): Promise<MailDelivery> {
  return guildhall
    .db<MailDelivery>("mail_deliveries")
    .where({ id })
    .first()
    .then((row) => row as MailDelivery);
}

function mailsTo(email: string): number {
  return guildhall.mailbox.received.filter(({ to }) => to.includes(email)).length;
}

/** Another worker's runner, beside the harness's own. */
async function another(): Promise<DeliveryRunner> {
  return createDeliveryRunner({ ...guildhall.context, renderer: createMailRenderer(inject("mailSources")) });
}

/** A promise that the test keeps closed until it opens it. */
function barrier(): { promise: Promise<void>; open(): void } {
  let open = () => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open: () => open() };
}
