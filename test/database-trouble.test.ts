import { beforeAll, expect, test, vi } from "vitest";
import type { Organization } from "../src/models/organization.ts";
import { buildOrganization, buildPerson, invite, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const SOON = { timeout: 25_000, interval: 100 };

const guildhall = useGuildhall({ worker: true, settings: { SWEEP_EVERY: 1_000 } });
let organization: Organization;
beforeAll(async () => {
  organization = await buildOrganization(guildhall, await buildPerson(guildhall));
});

test.each([
  ["its disk is full", "53100"],
  ["it is out of memory", "53200"],
  ["it takes no more connections", "53300"],
  ["its disk can't be read", "58030"],
  ["it shuts down", "57P01"],
  ["it starts up", "57P03"],
  ["it became a replica", "25006"],
])("inviting is a 503 while the database reports that %s, then works", async (_, state) => {
  await failWith("invitations", state);
  const refused = await invite(guildhall, organization, uniqueEmail());
  expect(refused).toMatchObject(refusal(503, "unavailable"));
  expect(refused.headers.get("Retry-After")).toBe("2");

  await mend("invitations");
  expect((await invite(guildhall, organization, uniqueEmail())).status).toBe(201);
});

test("emails that can't be claimed on a full disk leave once there is room", async () => {
  await failWith("mail_deliveries", "53100");
  const email = uniqueEmail();
  const created = await vi.waitFor(async () => {
    const answer = await invite(guildhall, organization, email);
    expect(answer.status).toBe(201);
    return answer;
  }, SOON);
  expect(created.body.data.attributes.delivery_status).toBe("queued");
  await mend("mail_deliveries");
  await guildhall.mailbox.waitFor(email);
});

/** Makes every insert or claim there fail with this SQLSTATE. */
async function failWith(table: string, state: string): Promise<void> {
  const event = table === "mail_deliveries" ? "update" : "insert";
  await guildhall.db.raw(`
    create or replace function fail_on_${table}() returns trigger language plpgsql as $$
    begin raise exception 'trouble' using errcode = '${state}'; end $$;
    create trigger trouble before ${event} on ${table} for each statement execute function fail_on_${table}()`);
}

async function mend(table: string): Promise<void> {
  await guildhall.db.raw(`drop trigger trouble on ${table}`);
}
