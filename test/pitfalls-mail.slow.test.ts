import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { SMTPServer } from "smtp-server";
import { afterEach, describe, expect, test } from "vitest";
import type { Organization } from "../src/models/organization.ts";
import { buildOrganization, buildPerson, invite } from "./support/builders.ts";
import { type Guildhall, startGuildhall } from "./support/guildhall.ts";
import { answerByLink, eventTypesOf, invited, letCoolDown, openLink } from "./support/invitations.ts";

let guildhall: Guildhall;
let organization: Organization;
const endings: Array<() => Promise<void>> = [];
afterEach(async () => {
  await guildhall.stop();
  for (const end of endings.splice(0)) await end();
});

async function start(SMTP_URL?: string): Promise<void> {
  guildhall = await startGuildhall({ worker: true, settings: SMTP_URL === undefined ? {} : { SMTP_URL } });
  organization = await buildOrganization(guildhall, await buildPerson(guildhall));
}

const attributesOf = async (path: string) => (await guildhall.api.get(path)).body.data.attributes;

test("a link works at the moment its first or resent email is handed over", async () => {
  const opened: number[] = [];
  const url = await smtpThat(async (mail) => {
    const link = /http:\S+\/i\/[\w-]+/.exec(mail.replaceAll("=\r\n", ""))?.[0] ?? "http://no-link.invalid";
    const { status, headers } = await fetch(link, { redirect: "manual" });
    const headersWithCookie = { Cookie: headers.getSetCookie()[0]?.split(";")[0] ?? "" };
    const page = await fetch(guildhall.api.origin + headers.get("Location"), { headers: headersWithCookie });
    opened.push(status, page.status);
  });
  await start(url);
  const { id, path } = await invited(guildhall, organization);
  await expect.poll(() => opened).toEqual([303, 200]);
  await expect.poll(async () => (await attributesOf(path)).delivery_status).toBe("sent");
  await letCoolDown(guildhall, id);
  expect((await guildhall.api.post(`${path}/resend`)).status).toBe(200);
  await expect.poll(() => opened).toEqual([303, 200, 303, 200]);
});

describe("nobody waits for the mail server if", { timeout: 60_000 }, () => {
  test.each([
    ["it is not there", async () => "smtp://127.0.0.1:1"],
    ["it accepts connections and says nothing", silentServer],
  ])("%s", async (_, server) => {
    await start(await server());
    const began = performance.now();
    const { id, path } = await invited(guildhall, organization);
    await letCoolDown(guildhall, id);
    expect((await guildhall.api.post(`${path}/resend`)).status).toBe(200);
    expect(await attributesOf(path)).toMatchObject({
      status: "pending",
      delivery_status: expect.stringMatching(/^(queued|sending)$/),
    });
    expect((await answerByLink(guildhall, { id }, "accept", 2)).status).toBe(200);
    const revoked = await invited(guildhall, organization);
    expect((await guildhall.api.post(`${revoked.path}/revoke`)).status).toBe(200);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(await eventTypesOf(guildhall, id)).toEqual([
      "invitation.created",
      "invitation.resent",
      "invitation.accepted",
    ]);
  });
});

describe("an invitation's expiry", () => {
  const inDays = (days: number) => {
    const local = new Date(Date.now() + days * 86_400_000 + 5.75 * 3_600_000);
    return `${local.toISOString().slice(0, 19)}+05:45`;
  };
  /** A time as the email writes it. */
  const written = (time: string) => {
    const [date, clock] = [
      { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" } as const,
      { hour: "2-digit", minute: "2-digit", timeZone: "UTC" } as const,
    ].map((format) => new Date(time).toLocaleString("en-GB", format));
    return `${date} at ${clock} UTC`;
  };

  test("the expiry is the same in email and page, also after a change", async () => {
    await start();
    const given = inDays(3);
    const { id, path, email } = await invited(guildhall, organization, { expires_at: given });
    const first = (await attributesOf(path)).expires_at;
    expect(Date.parse(first)).toBe(Date.parse(given));
    expect((await guildhall.mailbox.waitFor(email)).mail.text).toContain(`Open until: `);
    expect((await guildhall.mailbox.waitFor(email)).mail.text).toContain(written(first));
    expect((await openLink(guildhall, id)).page).toContain(written(first));
    await letCoolDown(guildhall, id);
    const { body } = await guildhall.api.post(`${path}/resend`, { meta: { expires_at: inDays(9) } });
    const second = body.data.attributes.expires_at;
    const { mail } = await guildhall.mailbox.waitFor(email, 2);
    expect(mail.text).toContain(written(second));
    expect(mail.html).toContain(written(second));
    expect(mail.text).not.toContain(written(first));
    expect((await openLink(guildhall, id, 2)).page).toContain(written(second));
  });
});

describe("an acceptance that fails halfway", () => {
  test("an acceptance that fails halfway changes nothing, and the next succeeds", async () => {
    await start();
    const { id, path, email } = await invited(guildhall, organization);
    await guildhall.db.raw(`
      create function refuse() returns trigger language plpgsql as $$ begin raise 'no members today'; end $$;
      create trigger refuse before insert on memberships for each row execute function refuse()`);
    expect((await answerByLink(guildhall, { id }, "accept")).status).toBe(500);
    expect(await attributesOf(path)).toMatchObject({ status: "pending", accepted_at: null });
    expect(await guildhall.db("users").where({ email })).toEqual([]);
    expect(await eventTypesOf(guildhall, id)).toEqual(["invitation.created"]);
    await guildhall.db.raw("drop trigger refuse on memberships");
    expect((await answerByLink(guildhall, { id }, "accept")).status).toBe(200);
  });

  test("an accepted invitation stays accepted, even after its member was removed", async () => {
    await start();
    const { id, path, email } = await invited(guildhall, organization);
    const { body } = await answerByLink(guildhall, { id }, "accept");
    await guildhall.api.delete(`/api/memberships/${body.data.relationships.membership.data.id}`);
    for (const how of ["accept", "decline"] as const)
      expect((await answerByLink(guildhall, { id }, how)).status).toBe(409);
    expect((await guildhall.api.post(`${path}/revoke`)).status).toBe(409);
    expect((await guildhall.api.post(`${path}/resend`)).status).toBe(409);
    expect(await attributesOf(path)).toMatchObject({ status: "accepted" });
    expect((await invite(guildhall, organization, email)).status).toBe(201);
  });
});

/** A mail server that looks at each email before it accepts it. */
async function smtpThat(look: (mail: string) => Promise<void>): Promise<string> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    closeTimeout: 100,
    async onData(stream, _, done) {
      await look(await text(stream)).then(() => done(null), done);
    },
  });
  server.on("error", () => {});
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  endings.push(() => new Promise<void>((resolve) => server.close(resolve)));
  const address = listening.address();
  return `smtp://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

async function silentServer(): Promise<string> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on("error", () => {})));
  await once(server.listen(0, "127.0.0.1"), "listening");
  endings.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return `smtp://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}
