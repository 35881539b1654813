import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { requireFitRedis } from "../jobs/queue-backend.ts";
import type { Settings } from "../src/config/variables.ts";
import { SYSTEM } from "../src/events/record-events.ts";
import { freePort } from "../src/local/free-port.ts";
import type { Organization } from "../src/models/organization.ts";
import { deleteOrganization } from "../src/organizations/delete-organization.ts";
import { sendBatch } from "./support/batches.ts";
import { buildOrganization, buildPerson, invite, uniqueEmail } from "./support/builders.ts";
import { capturedLog } from "./support/captured-log.ts";
import { backends, type Guildhall, startGuildhall } from "./support/guildhall.ts";
import { type OwnRedis, startOwnRedis } from "./support/own-redis.ts";
import { cleanUpProcesses, productionVariables, startGuildhallProcess } from "./support/process.ts";
import { type SilentProxy, startSilentProxy } from "./support/silent-proxy.ts";
import { createTestDatabase } from "./support/test-database.ts";

vi.setConfig({ testTimeout: 120_000 });
const SOON = { timeout: 45_000, interval: 100 };
const NEVER = 3_600_000;

describe.skipIf(!backends().includes("redis"))("Redis", () => {
  let redis: OwnRedis;
  let proxy: SilentProxy;
  let guildhall: Guildhall;
  let organization: Organization;
  let lines: ReturnType<typeof capturedLog>["lines"];

  beforeEach(async () => {
    redis = await startOwnRedis();
    proxy = await startSilentProxy(redis.url);
  });
  afterEach(async () => {
    await guildhall?.stop();
    proxy.stop();
    await redis.stop();
  });

  async function start(settings: Partial<Settings>): Promise<void> {
    const captured = capturedLog();
    lines = captured.lines;
    guildhall = await startGuildhall({
      backend: "redis",
      worker: true,
      log: captured.log,
      settings: { REDIS_URL: proxy.url, ...settings },
    });
    organization = await buildOrganization(guildhall, await buildPerson(guildhall));
    // The worker is listening.
    await expect.poll(inviteAndLook, SOON).toBe(true);
  }

  async function inviteSomebody(): Promise<string> {
    const email = uniqueEmail();
    expect((await invite(guildhall, organization, email)).status).toBe(201);
    return email;
  }

  const arrived = (email: string) => guildhall.mailbox.received.some(({ to }) => to.includes(email));

  /** Whether an email leaves by its wake-up: the sweeper takes longer. */
  async function inviteAndLook(): Promise<boolean> {
    const email = await inviteSomebody();
    for (let looks = 0; looks < 50 && !arrived(email); looks += 1) await sleep(20);
    return arrived(email);
  }

  async function isReady(): Promise<boolean> {
    return (await fetch(`${guildhall.settings.PUBLIC_URL}/readyz`)).ok;
  }

  test("a silent Redis stops no email, expiry, batch or deletion", async () => {
    await start({ SWEEP_EVERY: 2_000, EXPIRE_EVERY: 2_000 });
    const overdue = (await invite(guildhall, organization, uniqueEmail())).body.data.id;
    const doomed = await buildOrganization(guildhall, await buildPerson(guildhall));
    proxy.silence({ andNew: true });
    const email = await inviteSomebody();
    const inBatch = uniqueEmail();
    await sendBatch(guildhall.api, organization, [{ email: inBatch }]);
    await deleteOrganization(guildhall.context, doomed, SYSTEM);
    await guildhall.db("invitations").where({ id: overdue }).update({ expires_at: "2020-01-01" });

    await expect.poll(() => arrived(email), SOON).toBe(true);
    await expect.poll(() => arrived(inBatch), SOON).toBe(true);
    const gone = () => guildhall.db("organizations").where({ id: doomed.id }).first();
    await expect.poll(gone, SOON).toBe(undefined);
    const status = async () => (await guildhall.db("invitations").where({ id: overdue }).first()).status;
    await expect.poll(status, SOON).toBe("expired");
    expect(await isReady()).toBe(false);
  });

  test("a Redis whose connections die silently is used again by itself", async () => {
    await start({ SWEEP_EVERY: NEVER });
    proxy.silence();
    await expect.poll(inviteAndLook, SOON).toBe(true);
    await expect.poll(isReady, SOON).toBe(true);
  });

  test("a Redis that became a replica is left for the primary at its address", async () => {
    await start({ SWEEP_EVERY: NEVER });
    const primary = await startOwnRedis();
    proxy.leadTo(primary.url);
    const [host, port] = new URL(primary.url).host.split(":");
    await redis.command(`replicaof ${host} ${port}`);
    await expect.poll(inviteAndLook, SOON).toBe(true);
    await expect.poll(isReady, SOON).toBe(true);
    await guildhall.stop();
    await primary.stop();
  });

  test.each([
    ["full", "config set maxmemory 1", "config set maxmemory 0"],
    ["a replica", "replicaof 127.0.0.1 1", "replicaof no one"],
  ])("a Redis that is %s stops no email and doesn't fill the log", async (_, fault, cure) => {
    await start({ SWEEP_EVERY: 2_000 });
    await redis.command(fault);
    const began = lines.length;
    for (let count = 0; count < 3; count += 1) {
      const email = await inviteSomebody();
      await expect.poll(() => arrived(email), SOON).toBe(true);
    }
    expect(await isReady()).toBe(false);
    await sleep(3_000);
    expect(lines.length).toBeGreaterThan(began);
    expect(lines.length).toBeLessThan(began + 12);
    await redis.command(cure);
    await expect.poll(isReady, SOON).toBe(true);
    await expect.poll(inviteAndLook, SOON).toBe(true);
  });
});

describe.skipIf(!backends().includes("redis"))("at the start,", () => {
  let redis: OwnRedis;
  afterEach(async () => {
    await cleanUpProcesses();
    await redis.stop();
  });

  test.each([
    ["a Redis Cluster", ["--cluster-enabled", "yes"], /Redis Cluster/],
    ["a replica", ["--replicaof", "127.0.0.1", "1"], /replica.*primary/],
  ])("at the start, %s is refused in plain words", async (_, options, words) => {
    // A cluster's own port is by default 10,000 higher, which may not exist.
    const more = options[0] === "--cluster-enabled" ? ["--cluster-port", String(await freePort())] : [];
    redis = await startOwnRedis(...options, ...more);
    const { log } = capturedLog();
    await expect(requireFitRedis(redis.url, log)).rejects.toThrow(words);
  });

  test("a refusal ends the process and says which variable to change", async () => {
    redis = await startOwnRedis("--replicaof", "127.0.0.1", "1");
    const database = await createTestDatabase();
    const variables = productionVariables("redis", {
      port: 1,
      database: database.url,
      smtp: "smtp://127.0.0.1:1",
    });
    const worker = startGuildhallProcess("worker", { ...variables, REDIS_URL: redis.url });
    expect(await worker.ends()).toEqual({ code: 1, signal: null });
    expect(worker.output()).toContain("REDIS_URL leads to a replica");
    expect(worker.output()).not.toMatch(/^ +at /m);
    await database.drop();
  });

  test("an evicting Redis logs one warning, and an unreachable one doesn't matter", async () => {
    redis = await startOwnRedis("--maxmemory-policy", "allkeys-lru");
    const { log, lines } = capturedLog();
    await requireFitRedis(redis.url, log);
    expect(lines).toMatchObject([{ policy: "allkeys-lru" }]);
    await redis.stop();
    await requireFitRedis(redis.url, log);
    expect(lines.at(-1)?.msg).toMatch(/can't be reached; check REDIS_URL/);
  });
});
