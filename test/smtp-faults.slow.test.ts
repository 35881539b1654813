import { once } from "node:events";
import { SMTPServer } from "smtp-server";
import { afterEach, beforeEach, describe, expect, inject, test, vi } from "vitest";
import { createDeliveryRunner, type DeliveryRunner } from "../src/mail/delivery-runner.ts";
import { createMailRenderer } from "../src/mail/mail-renderer.ts";
import { openSmtpConnection } from "../src/mail/smtp-connection.ts";
import type { Organization } from "../src/models/organization.ts";
import { buildOrganization, buildPerson, invite, uniqueEmail } from "./support/builders.ts";
import { capturedLog, type Line } from "./support/captured-log.ts";
import { type Guildhall, startGuildhall } from "./support/guildhall.ts";
import { type ScriptedSmtp, type Step, startScriptedSmtp } from "./support/scripted-smtp.ts";
import { type SilentProxy, startSilentProxy } from "./support/silent-proxy.ts";

vi.setConfig({ testTimeout: 120_000 });
const SOON = { timeout: 45_000, interval: 50 };

let smtp: ScriptedSmtp;
let proxy: SilentProxy;
let guildhall: Guildhall;
let organization: Organization;
let runner: DeliveryRunner;
let lines: Line[];

beforeEach(async () => {
  smtp = await startScriptedSmtp("AUTH PLAIN", "PIPELINING");
  proxy = await startSilentProxy(smtp.url);
  await start(proxy.url);
});
afterEach(async () => {
  await runner.stop(0);
  await guildhall.stop();
  proxy.stop();
  await smtp.stop();
});

/** With a runner that nobody wakes up: it continues by itself, or not at all. */
async function start(SMTP_URL: string): Promise<void> {
  const captured = capturedLog();
  lines = captured.lines;
  guildhall = await startGuildhall({ log: captured.log, settings: { SMTP_URL } });
  organization = await buildOrganization(guildhall, await buildPerson(guildhall));
  runner = createDeliveryRunner({
    ...guildhall.context,
    renderer: createMailRenderer(inject("mailSources")),
  });
}

async function inviteMany(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1)
    expect((await invite(guildhall, organization, uniqueEmail())).status).toBe(201);
}

const deliveries = () => guildhall.db("mail_deliveries");
const sent = async () => (await deliveries().where({ state: "sent" })).length;

describe("a mail server's problem is not an email's fault:", () => {
  const always = (at: Step, does: `${number} ${string}`) => () =>
    smtp.script(...Array.from({ length: 1_000 }, () => ({ at, does })));

  test.each<[string, () => void, RegExp]>([
    ["it refuses connections", () => proxy.refuse(), /can't be reached.*SMTP_URL/],
    ["421 at the greeting", always("greeting", "421 too busy"), /turns us away/],
    ["the login is wrong", always("auth", "535 5.7.8 no"), /user and password in SMTP_URL/],
    ["a login is missing", always("mail", "530 5.7.0 log in first"), /wants a login/],
    ["the sender is refused", always("mail", "550 5.7.1 not you"), /MAIL_FROM/],
  ])("%s", async (_, fault, advice) => {
    fault();
    await inviteMany(20);
    await runner.run();
    await expect.poll(() => lines.length, SOON).toBeGreaterThan(0);
    // Sending pauses, and the emails wait as if nothing had been tried.
    const waiting = { state: "pending" };
    await expect.poll(async () => (await deliveries().where(waiting)).length, SOON).toBeGreaterThan(18);

    smtp.forget();
    await proxy.heal();
    await expect.poll(sent, SOON).toBe(20);
    for (const { attempts, timeline } of await deliveries()) {
      expect(attempts).toBe(1);
      expect(timeline.map(({ what }: { what: string }) => what)).toEqual(["attempt", "sent"]);
    }
    expect(await guildhall.db("suppressions")).toEqual([]);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.msg).toMatch(advice);
  });

  test("an untrusted certificate fails no email", async () => {
    const untrusted = new SMTPServer({ authOptional: true });
    untrusted.on("error", () => {});
    const listening = untrusted.listen(0, "127.0.0.1");
    await once(listening, "listening");
    const address = listening.address();
    proxy.leadTo(`smtp://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
    await inviteMany(1);
    await runner.run();
    await expect.poll(() => lines[0]?.msg, SOON).toMatch(/can't be encrypted/);
    await expect.poll(deliveries, SOON).toMatchObject([{ state: "pending", attempts: 0 }]);
    proxy.leadTo(smtp.url);
    await expect.poll(sent, SOON).toBe(1);
    await new Promise<void>((resolve) => untrusted.close(resolve));
  });

  test("idle connections that die silently fail no email", async () => {
    await inviteMany(5);
    await runner.run();
    await expect.poll(sent, SOON).toBe(5);
    proxy.silence();
    await inviteMany(5);
    await runner.run();
    await expect.poll(sent, SOON).toBe(10);
    expect((await deliveries().where({ attempts: 1 })).length).toBe(10);
  });
});

test("connections that hang after the message don't delay other emails", async () => {
  smtp.script(...Array.from({ length: 10 }, () => ({ at: "dot", does: "silence" }) as const));
  await inviteMany(10);
  await runner.run();
  await expect.poll(() => smtp.ahead(), SOON).toBe(0);
  await inviteMany(3);
  await runner.run();
  await expect.poll(sent, SOON).toBe(3);
});

test.each<[Step, boolean]>([
  ["greeting", false],
  ["ehlo", false],
  ["auth", false],
  ["mail", false],
  ["rcpt", true],
  ["data", true],
])("a server that falls silent at %s is given up for a new connection", async (at, senderAccepted) => {
  const server = await startScriptedSmtp("AUTH PLAIN");
  server.script({ at, does: "silence" });
  const connection = openSmtpConnection(server.url);
  const patience = { sender: 300, recipient: 300 };
  const mail = { from: "a@example.com", to: "b@example.com", text: "hello" };
  const failure = { code: "ETIMEDOUT", responseCode: null, senderAccepted, dataAccepted: false };
  expect(await connection.send(mail, patience)).toMatchObject({ failure });
  expect(await connection.send(mail, { sender: 20_000, recipient: 20_000 })).toEqual({
    accepted: "250 kept",
  });
  connection.close();
  await server.stop();
});
