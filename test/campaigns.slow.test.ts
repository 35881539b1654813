import { afterEach, beforeEach, describe, expect, inject, test, vi } from "vitest";
import type { Settings } from "../src/config/variables.ts";
import { createDeliveryRunner, type DeliveryRunner } from "../src/mail/delivery-runner.ts";
import { createMailRenderer } from "../src/mail/mail-renderer.ts";
import type { Organization } from "../src/models/organization.ts";
import { buildOrganization, buildPerson, invite, unique } from "./support/builders.ts";
import { capturedLog, type Line } from "./support/captured-log.ts";
import { type Guildhall, startGuildhall } from "./support/guildhall.ts";
import { type StrictSmtp, startStrictSmtp } from "./support/strict-smtp.ts";

vi.setConfig({ testTimeout: 240_000 });
const SOON = { timeout: 170_000, interval: 100 };
const MANY = Number(process.env.CAMPAIGN ?? 80);

let smtp: StrictSmtp;
let guildhall: Guildhall;
let organization: Organization;
let runner: DeliveryRunner;
let lines: Line[];

beforeEach(async () => {
  smtp = await startStrictSmtp();
});
afterEach(async () => {
  await runner.stop(0);
  await guildhall.stop();
  await smtp.stop();
});

async function start(settings: Partial<Settings> = {}): Promise<void> {
  const captured = capturedLog();
  lines = captured.lines;
  guildhall = await startGuildhall({ log: captured.log, settings: { SMTP_URL: smtp.url, ...settings } });
  organization = await buildOrganization(guildhall, await buildPerson(guildhall));
  runner = createDeliveryRunner({
    ...guildhall.context,
    renderer: createMailRenderer(inject("mailSources")),
  });
}

async function inviteMany(count: number, domain = "example.com"): Promise<void> {
  const together = 25;
  for (let n = 0; n < count; n += together) {
    const some = Array.from({ length: Math.min(together, count - n) }, () =>
      invite(guildhall, organization, `${unique("person")}@${domain}`),
    );
    for (const { status } of await Promise.all(some)) expect(status).toBe(201);
  }
}

const deliveries = () => guildhall.db("mail_deliveries");
const count = async (state: string) => (await deliveries().where({ state })).length;
const causes = () => lines.map(({ msg }) => msg).join("\n");

const refused = (code: string) =>
  [...smtp.refusals].reduce((sum, [reply, times]) => sum + (reply.startsWith(code) ? times : 0), 0);

/** All arrived once, in one counted attempt, and nobody was suppressed. */
async function expectAllArrived(many: number): Promise<void> {
  await expect.poll(() => count("sent"), SOON).toBe(many);
  expect(smtp.taken.length).toBe(many);
  expect(new Set(smtp.taken).size).toBe(many);
  expect(await deliveries().whereNot({ attempts: 1 })).toEqual([]);
  expect(await guildhall.db("suppressions")).toEqual([]);
}

test("a campaign arrives although a relay is strict and the sender wrong at first", async () => {
  await start();
  smtp.connections = 3;
  smtp.most = 60;
  smtp.window = 60_000;
  smtp.refusal = () => "550 5.1.8 Sender address rejected: Domain not found";
  await inviteMany(MANY);
  await runner.run();
  await expect.poll(() => refused("550"), SOON).toBeGreaterThan(3);
  expect(await count("failed")).toBe(0);
  smtp.refusal = () => undefined;
  await expect.poll(() => refused("450"), SOON).toBeGreaterThan(1);
  smtp.most = 600;
  await expectAllArrived(MANY);
  expect(causes()).toMatch(/check MAIL_FROM/);
  expect(causes()).toMatch(/SMTP_CONNECTIONS/);
  expect(causes()).toMatch(/SMTP_RATE/);
});

describe("a relay that only frees new connections", () => {
  beforeEach(async () => {
    await start();
    smtp.keepsRules = true;
  });

  test("gets the campaign once it accepts the sender", async () => {
    smtp.refusal = () => "554 5.7.1 <no-reply@guildhall.test>: Sender address rejected: Access denied";
    await inviteMany(20);
    await runner.run();
    await expect.poll(() => refused("554"), SOON).toBeGreaterThan(3);
    smtp.refusal = () => undefined;
    await expectAllArrived(20);
  });

  test("gets the campaign once it allows more emails", async () => {
    smtp.window = Number.POSITIVE_INFINITY;
    smtp.most = 5;
    await inviteMany(20);
    await runner.run();
    await expect.poll(() => refused("450"), SOON).toBeGreaterThan(3);
    smtp.most = 600;
    await expectAllArrived(20);
  });
});

test("a relay that greets three connections gets everything at full speed", async () => {
  await start();
  smtp.connections = 3;
  await inviteMany(100);
  await runner.run();
  await expectAllArrived(100);
  // Seven of the ten connections are turned away; then the others know.
  expect(refused("421")).toBeLessThan(30);
});

test("SMTP_CONNECTIONS and SMTP_RATE are kept, so a strict relay never objects", async () => {
  await start({ SMTP_CONNECTIONS: 2, SMTP_RATE: 120 });
  smtp.connections = 2;
  smtp.window = 2_000;
  smtp.most = 6;
  await inviteMany(12);
  await runner.run();
  await expectAllArrived(12);
  expect(lines).toEqual([]);
});

describe("a receiver's policy against us", () => {
  test("a receiver's policy delays no other emails, and suppresses nobody", async () => {
    await start();
    smtp.refusal = (to) => (to.endsWith("@strict.example") ? "550 5.7.1 blocked by policy" : undefined);
    await inviteMany(40, "strict.example");
    await runner.run();
    await expect.poll(() => lines.length, SOON).toBeGreaterThan(0);
    expect(await count("failed")).toBe(0);
    await inviteMany(5, "one.example");
    await runner.run();
    await expect.poll(() => count("sent"), SOON).toBe(5);
    await inviteMany(5, "two.example");
    await runner.run();
    await expect.poll(() => count("failed"), SOON).toBe(40);
    await expect.poll(() => count("sent"), SOON).toBe(10);
    expect(await guildhall.db("suppressions")).toEqual([]);
  });

  test("is tested less and less often if it met one email", async () => {
    await start();
    smtp.refusal = () => "550 5.7.1 blocked by policy";
    await inviteMany(1);
    await runner.run();
    await expect.poll(async () => (await deliveries().first()).timeline.at(-1)?.what, SOON).toBe("deferred");
    expect(await deliveries().first()).toMatchObject({ state: "pending", attempts: 1 });
    expect(await guildhall.db("suppressions")).toEqual([]);
  });
});
