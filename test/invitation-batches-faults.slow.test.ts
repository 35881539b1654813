import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { SYSTEM } from "../src/events/record-events.ts";
import { createInvitationBatch } from "../src/invitation-batches/create-invitation-batch.ts";
import type { SentRow } from "../src/invitation-batches/new-rows.ts";
import type { Organization } from "../src/models/organization.ts";
import { deleteOrganization } from "../src/organizations/delete-organization.ts";
import { detachOrganization } from "../src/organizations/detach-organization.ts";
import {
  buildTeam,
  invitedTo,
  readBatch,
  rowsOf,
  rowsTo,
  runBatches,
  sendBatch,
  someEmails,
} from "./support/batches.ts";
import { buildMember, invite, roleId, uniqueEmail } from "./support/builders.ts";
import { type CountingSmtp, startCountingSmtp } from "./support/counting-smtp.ts";
import { type Guildhall, type GuildhallOptions, startGuildhall } from "./support/guildhall.ts";
import { cleanUpProcesses, productionVariables, startGuildhallProcess } from "./support/process.ts";

let guildhall: Guildhall;
let smtp: CountingSmtp;

beforeAll(async () => {
  smtp = await startCountingSmtp();
});
afterAll(() => smtp.stop());

async function start(options: GuildhallOptions = {}): Promise<void> {
  guildhall = await startGuildhall({ ...options, settings: { SMTP_URL: smtp.url } });
}

async function runChunks(count: number): Promise<void> {
  let chunks = 0;
  await runBatches(guildhall, () => chunks++ >= count);
}

/** Every row led to one invitation with one email and one event, and the counts agree. */
async function expectEachOnce(id: string, organization: Organization, addresses: string[]): Promise<void> {
  const { db } = guildhall;
  const rows = await rowsOf(guildhall, id);
  expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(["created"]));
  expect(await invitedTo(guildhall, organization)).toEqual([...addresses].sort());
  const invitations: string[] = await db("invitations")
    .where({ organization_id: organization.id })
    .pluck("id");
  expect(rows.map(({ invitation_id }) => invitation_id).sort()).toEqual(invitations.sort());
  const mails = await db("mail_deliveries").whereIn("invitation_id", invitations).pluck("email");
  expect(mails.sort()).toEqual([...addresses].sort());
  const events = await db("events").where({ organization_id: organization.id });
  const count = (type: string) => events.filter((event) => event.type === type).length;
  expect(count("invitation.created")).toBe(addresses.length);
  expect(count("invitation_batch.completed")).toBe(1);
  const { attributes } = await readBatch(guildhall, id);
  expect(attributes).toMatchObject({
    ...{ status: "completed", total_count: addresses.length, created_count: addresses.length },
    ...{ failed_count: 0, duplicate_count: 0 },
  });
}

describe("a batch that is interrupted", { timeout: 60_000 }, () => {
  beforeAll(() => start());
  afterAll(() => guildhall.stop());

  test("the sweeper finds a batch whose wake-up was lost", async () => {
    const { owner, organization } = await buildTeam(guildhall);
    const { environment_id, id: organization_id } = organization;
    const address = uniqueEmail();
    const input = {
      address: { email: address, canonical: address },
      ...{ role_ids: [], message: null, locale: null, metadata: {}, expires_at: null },
    };
    const rows: SentRow[] = [{ email: address, input, role_names: [] }];
    const silent = { ...guildhall.context, queues: { ...guildhall.context.queues, wakeUp: () => {} } };
    const batch = { environment_id, organization_id, client_id: null, dry_run: false, rows };
    const actor = { kind: "user", user_id: owner.user.id, request_id: null } as const;
    const { id } = await createInvitationBatch(silent, batch, actor);
    guildhall.settings.SWEEP_EVERY = 200;
    guildhall.startWorker();
    await expect.poll(() => statusOf(id), { timeout: 25_000 }).toBe("completed");
    await guildhall.stopWorker();
    await expectEachOnce(id, organization, [address]);
  });

  test("a stopped batch continues where it was, between any two chunks", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const addresses = someEmails(730);
    const id = await sendBatch(api, organization, rowsTo(addresses));
    for (let runs = 0; (await readBatch(guildhall, id)).attributes.status !== "completed"; runs += 1) {
      await runChunks(1 + Math.floor(Math.random() * 3));
      expect(runs).toBeLessThan(10);
    }
    await expectEachOnce(id, organization, addresses);
  });

  test("killed connections and two runners lose and double no row", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const addresses = someEmails(900);
    const id = await sendBatch(api, organization, rowsTo(addresses));
    let completed = false;
    let kills = 0;
    const killing = (async () => {
      while (!completed && kills < 8) {
        await sleep(Math.random() * 60);
        kills += await killInviting();
      }
    })();
    const runner = async () => {
      while (!completed) {
        await runBatches(guildhall).catch(() => {});
        completed ||= (await statusOf(id)) === "completed";
        await sleep(Math.random() * 20);
      }
    };
    await Promise.all([runner(), runner()]);
    await killing;
    expect(kills).toBeGreaterThan(0);
    await expectEachOnce(id, organization, addresses);
  });

  test("three runners share a batch without inviting a row twice", async () => {
    const teams = [await buildTeam(guildhall), await buildTeam(guildhall)];
    const batches = await Promise.all(
      teams.map(async ({ organization, api }) => {
        const addresses = someEmails(320);
        return { organization, addresses, id: await sendBatch(api, organization, rowsTo(addresses)) };
      }),
    );
    await Promise.all([1, 2, 3].map(() => runBatches(guildhall)));
    // A runner that finds every batch taken has nothing to do: the other one goes on.
    for (const { id, organization, addresses } of batches) await expectEachOnce(id, organization, addresses);
  });
});

describe("a batch whose worker is killed", { timeout: 120_000 }, () => {
  beforeAll(() => start());
  afterEach(cleanUpProcesses);
  afterAll(() => guildhall.stop());

  test("another worker finishes a killed worker's batch, every row once", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const addresses = someEmails(800);
    const { DATABASE_URL: database } = guildhall.settings;
    const variables = {
      ...productionVariables("postgres", { port: 3_999, database, smtp: smtp.url }),
      SWEEP_EVERY: "500ms",
    };
    const id = await sendBatch(api, organization, rowsTo(addresses));
    const killed = startGuildhallProcess("worker", variables);
    await expect.poll(() => createdCount(id), { timeout: 60_000, interval: 5 }).toBeGreaterThan(0);
    killed.signal("SIGKILL");
    await killed.ends();
    // Its last chunk was either undone or completed.
    await expect.poll(inHand).toBe(0);
    const before = await createdCount(id);
    expect(before).toBeLessThan(addresses.length);
    expect(await invitedTo(guildhall, organization)).toHaveLength(before);

    startGuildhallProcess("worker", variables);
    await expect.poll(() => statusOf(id), { timeout: 60_000 }).toBe("completed");
    await expectEachOnce(id, organization, addresses);
  });
});

describe("while a batch runs,", { timeout: 60_000 }, () => {
  beforeAll(() => start());
  afterAll(() => guildhall.stop());

  test("an inviter demoted during a batch invites nobody any more", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const admin = await buildMember(guildhall, organization, "admin");
    const id = await sendBatch(guildhall.api.as(admin.token), organization, rowsTo(someEmails(250)));
    await runChunks(1);
    const { id: membershipId } = admin.membership;
    const [role] = (await api.get(`/api/membership-roles?filter[membership]=${membershipId}`)).body.data;
    const member = await roleId(guildhall, organization.environment_id, "member");
    const grant = {
      membership: { data: { type: "membership", id: membershipId } },
      role: { data: { type: "role", id: member } },
    };
    await guildhall.api.post("/api/membership-roles", {
      data: { type: "membership_role", relationships: grant },
    });
    expect((await guildhall.api.delete(`/api/membership-roles/${role.id}`)).status).toBe(204);
    await runBatches(guildhall);
    expect((await readBatch(guildhall, id)).attributes).toMatchObject({
      ...{ status: "completed", created_count: 100, failed_count: 150 },
    });
    const rows = await rowsOf(guildhall, id);
    expect(rows.at(-1)).toMatchObject({
      ...{ status: "failed", code: "forbidden" },
      detail:
        "You need the permission members:manage in this organization. Ask its owner for a role that has it.",
    });
    expect(await pendingIn(organization)).toBe(0);
  });

  test("an inviter removed during a batch leaves no pending invitation", async () => {
    const { organization } = await buildTeam(guildhall);
    const admin = await buildMember(guildhall, organization, "admin");
    const id = await sendBatch(guildhall.api.as(admin.token), organization, rowsTo(someEmails(600)));
    const running = runBatches(guildhall);
    await expect.poll(() => createdCount(id), { timeout: 20_000, interval: 2 }).toBeGreaterThan(0);
    const removed = await guildhall.api.delete(`/api/memberships/${admin.membership.id}`);
    expect(removed.status).toBe(204);
    await running;
    const { attributes } = await readBatch(guildhall, id);
    expect(attributes.status).toBe("completed");
    expect(attributes.created_count + attributes.failed_count).toBe(600);
    expect(attributes.failed_count).toBeGreaterThan(0);
    expect(await pendingIn(organization)).toBe(0);
  });

  test("an inviter deleted during a batch invites nobody any more", async () => {
    const { organization } = await buildTeam(guildhall);
    const admin = await buildMember(guildhall, organization, "admin");
    const id = await sendBatch(guildhall.api.as(admin.token), organization, rowsTo(someEmails(3)));
    expect((await guildhall.api.delete(`/api/users/${admin.user.id}`)).status).toBe(204);
    await runBatches(guildhall);
    expect((await rowsOf(guildhall, id)).map(({ code }) => code)).toEqual(Array(3).fill("forbidden"));
    const related = await guildhall.api.get(`/api/invitation-batches/${id}/created_by`);
    expect(related.body.data).toBeNull();
  });

  test("deleting an organization ends and removes its batches", async () => {
    const { organization, owner } = await buildTeam(guildhall);
    const { id: organization_id, environment_id } = organization;
    const id = await sendBatch(guildhall.api.as(owner.token), organization, rowsTo(someEmails(600)));
    const waiting = await sendBatch(guildhall.api.as(owner.token), organization, rowsTo(someEmails(2)));
    const running = runBatches(guildhall);
    await expect.poll(() => createdCount(id), { timeout: 20_000, interval: 2 }).toBeGreaterThan(0);
    const deletion = await deleteOrganization(
      guildhall.context,
      { id: organization_id, environment_id },
      SYSTEM,
    );
    await running;
    const invited = (await invitedTo(guildhall, organization)).length;
    expect([await statusOf(id), await statusOf(waiting)]).toEqual(["canceled", "canceled"]);
    const statuses = (await rowsOf(guildhall, id)).map(({ status }) => status);
    expect(statuses.filter((status) => status === "queued")).toEqual([]);
    expect(statuses.filter((status) => status === "canceled").length).toBeGreaterThan(0);

    await detachOrganization(guildhall.db, deletion.id, () => false);
    const receipt = await guildhall.api.get(`/api/organization-deletions/${deletion.id}`);
    expect(receipt.body.data.attributes).toMatchObject({
      state: "completed",
      done: { invitation_batches: 2, invitations: invited },
    });
    for (const [table, column] of [
      ["invitation_batches", "id"],
      ["invitation_batch_rows", "batch_id"],
    ] as const)
      expect(await guildhall.db(table).whereIn(column, [id, waiting])).toEqual([]);
    const revoked = await guildhall.db("events").where({ organization_id, type: "invitation.revoked" });
    expect(revoked).toHaveLength(invited);
    const events = await guildhall.db("events").where({ organization_id, type: "invitation_batch.canceled" });
    expect(events.map(({ actor_kind }) => actor_kind)).toEqual(["system", "system"]);
    await runBatches(guildhall);
  });

  test("deleting an organization doesn't wait for the end of its batches", async () => {
    const { organization, owner } = await buildTeam(guildhall);
    const { id: organization_id, environment_id } = organization;
    const api = guildhall.api.as(owner.token);
    const first = await sendBatch(api, organization, rowsTo(someEmails(1_000)));
    await sendBatch(api, organization, rowsTo(someEmails(1_000)));
    const running = Promise.all([runBatches(guildhall), runBatches(guildhall)]);
    await expect.poll(() => createdCount(first), { timeout: 20_000, interval: 2 }).toBeGreaterThan(0);
    await deleteOrganization(guildhall.context, { id: organization_id, environment_id }, SYSTEM);
    await running;
    expect(await invitedTo(guildhall, organization)).not.toHaveLength(2_000);
  });

  test("an address invited elsewhere during a batch is invited once", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const addresses = someEmails(200);
    const id = await sendBatch(api, organization, rowsTo(addresses));
    const running = runBatches(guildhall);
    const singles = await Promise.all(
      addresses.filter((_, n) => n % 10 === 9).map((email) => invite(guildhall, organization, email)),
    );
    await running;
    const won = singles.filter(({ status }) => status === 201).length;
    expect(won + singles.filter(({ status }) => status === 409).length).toBe(20);
    const rows = await rowsOf(guildhall, id);
    expect(rows.filter(({ code }) => code === "invitation_pending")).toHaveLength(won);
    expect(await invitedTo(guildhall, organization)).toEqual([...addresses].sort());
  });
});

describe("an error in a row", { timeout: 60_000 }, () => {
  beforeAll(async () => {
    await start();
    // Unforeseen errors, chosen by the address.
    await guildhall.db.raw(`
      create table passing_trouble (is_over boolean);
      insert into passing_trouble values (false);
      create function be_difficult() returns trigger language plpgsql as $$
        begin
          if new.email like 'crash%' then raise exception 'nobody foresaw this'; end if;
          if new.email like 'value%' then raise exception 'no such value' using errcode = '22003'; end if;
          if new.email like 'pass%' and (select not is_over from passing_trouble) then
            raise exception 'come again' using errcode = '55P03';
          end if;
          return new;
        end
      $$;
      create trigger difficult before insert on invitations for each row execute function be_difficult();
    `);
  });
  afterAll(() => guildhall.stop());

  test.each([false, true])(
    "an unforeseen error in a row fails that row alone (dry run: %s)",
    async (dry_run) => {
      const { organization, api } = await buildTeam(guildhall);
      const [good, late] = [someEmails(120), someEmails(3)];
      const rows = rowsTo([...good, `crash-${uniqueEmail()}`, `value-${uniqueEmail()}`, ...late]);
      const id = await sendBatch(api, organization, rows, { dry_run });
      await runBatches(guildhall);
      const became = await rowsOf(guildhall, id);
      expect(became.filter(({ status }) => status === "failed")).toMatchObject([
        {
          number: 121,
          code: "internal_error",
          detail: "Something went wrong on our side. Give support the id of the row.",
        },
        { number: 122, code: "invalid_value" },
      ]);
      expect((await readBatch(guildhall, id)).attributes).toMatchObject({
        ...{ status: "completed", created_count: 123, failed_count: 2 },
      });
      expect(await invitedTo(guildhall, organization)).toEqual(dry_run ? [] : [...good, ...late].sort());
    },
  );

  test("a temporary failure leaves the batch to a later run", async () => {
    const [team, other] = [await buildTeam(guildhall), await buildTeam(guildhall)];
    const addresses = [`pass-${uniqueEmail()}`, ...someEmails(120)];
    const id = await sendBatch(team.api, team.organization, rowsTo(addresses));
    const next = await sendBatch(team.api, team.organization, rowsTo(someEmails(1)));
    const elsewhere = await sendBatch(other.api, other.organization, rowsTo(someEmails(1)));
    await runBatches(guildhall);
    expect(await statusOf(id)).toBe("queued");
    expect(await statusOf(next)).toBe("completed");
    expect(await statusOf(elsewhere)).toBe("completed");
    await guildhall.db("passing_trouble").update({ is_over: true });
    await guildhall.db("invitations").where({ organization_id: team.organization.id }).del();
    await guildhall.db("events").where({ organization_id: team.organization.id }).del();
    await runBatches(guildhall);
    await expectEachOnce(id, team.organization, addresses);
  });
});

describe("thousands of rows", { timeout: 240_000 }, () => {
  beforeAll(() => start({ worker: true }));
  afterAll(() => guildhall.stop());

  test("thousands of rows are invited and emailed once each", async () => {
    smtp.recipients.length = 0;
    const { organization } = await buildTeam(guildhall);
    const addresses = someEmails(3_000);
    // The operator, because a user may not email as many in a day.
    const id = await sendBatch(guildhall.api, organization, rowsTo(addresses));
    await expect.poll(() => statusOf(id), { timeout: 100_000, interval: 100 }).toBe("completed");
    await expect.poll(() => smtp.recipients.length, { timeout: 100_000, interval: 100 }).toBe(3_000);
    const unsent = () => guildhall.db("mail_deliveries").whereNot({ state: "sent", attempts: 1 });
    await expect.poll(unsent).toEqual([]);
    expect([...smtp.recipients].sort()).toEqual([...addresses].sort());
    await expectEachOnce(id, organization, addresses);
  });
});

async function statusOf(id: string): Promise<string> {
  return (await guildhall.db("invitation_batches").where({ id }).first("status")).status;
}

async function createdCount(id: string): Promise<number> {
  return (await guildhall.db("invitation_batches").where({ id }).first("created_count")).created_count;
}

async function pendingIn({ id }: Organization): Promise<number> {
  return (await guildhall.db("invitations").where({ organization_id: id, status: "pending" })).length;
}

/** Unfinished transactions of workers. */
async function inHand(): Promise<number> {
  const { rows } = await guildhall.db.raw(
    `select count(*)::int as n from pg_stat_activity
     where datname = current_database() and application_name = 'guildhall-worker' and state <> 'idle'`,
  );
  return rows[0].n;
}

/** Ends the connections that are in the middle of a chunk. @returns how many. */
async function killInviting(): Promise<number> {
  const { rows } = await guildhall.db.raw(
    `select count(pg_terminate_backend(pid)) as n from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'
       and (query like '%insert into invitations%' or query like '%update invitation_batch_rows%')`,
  );
  return Number(rows[0].n);
}

test("a queued row with oversized metadata fails and stops no other", async () => {
  await start();
  const { organization } = await buildTeam(guildhall);
  const id = await sendBatch(guildhall.api, organization, rowsTo(someEmails(2)));
  const metadata = JSON.stringify({ note: "x".repeat(9_000) });
  await guildhall
    .db("invitation_batch_rows")
    .where({ batch_id: id, number: 1 })
    .update({ input: guildhall.db.raw("jsonb_set(input, '{metadata}', ?)", [metadata]) });
  await runBatches(guildhall);
  expect(await rowsOf(guildhall, id)).toMatchObject([
    { status: "failed", code: "invalid_value" },
    { status: "created" },
  ]);
  await guildhall.stop();
});
