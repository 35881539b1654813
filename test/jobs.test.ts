import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allJobs } from "../jobs/all-jobs.ts";
import type { Job } from "../jobs/define-job.ts";
import { KEEP, QUEUES, type QueueName, WAKE_UP_JOBS } from "../jobs/queues.ts";
import { SYSTEM } from "../src/events/record-events.ts";
import { newId } from "../src/lib/id.ts";
import { claimDeliveries, LEASE_SECONDS } from "../src/mail/claim-deliveries.ts";
import { sent } from "../src/mail/outcome.ts";
import { recordOutcomes } from "../src/mail/record-outcomes.ts";
import { deleteOrganization } from "../src/organizations/delete-organization.ts";
import { detachOrganization } from "../src/organizations/detach-organization.ts";
import { sendBatch } from "./support/batches.ts";
import { buildOrganization, buildPerson, invite, uniqueEmail } from "./support/builders.ts";
import { backends, type Guildhall, startGuildhall } from "./support/guildhall.ts";

let guildhall: Guildhall;
const named = allJobs.map((job) => [job.name, job] as const);

describe("the list of jobs", () => {
  test("contains the job of every file", async () => {
    const folder = new URL("../jobs/", import.meta.url);
    const found: string[] = [];
    for (const file of (await readdir(folder)).filter((name) => name.endsWith(".ts"))) {
      const exported: Record<string, unknown> = await import(new URL(file, folder).href);
      found.push(
        ...Object.values(exported)
          .filter(isJob)
          .map(({ name }) => name),
      );
    }
    expect(found.length).toBeGreaterThan(0);
    expect(found.sort()).toEqual(allJobs.map(({ name }) => name).sort());
  });

  test("gives every job a unique name and an existing queue", () => {
    expect(new Set(allJobs.map(({ name }) => name)).size).toBe(allJobs.length);
    for (const { queue } of allJobs) expect(QUEUES).toContain(queue);
  });

  test("contains the job of every wake-up, on its queue", () => {
    for (const [queue, name] of Object.entries(WAKE_UP_JOBS))
      expect(allJobs).toContainEqual(expect.objectContaining({ queue, name }));
  });
});

describe.each(named)("the job %s", (_, job) => {
  beforeAll(async () => {
    guildhall = await startGuildhall();
  });
  afterAll(() => guildhall.stop());

  test("succeeds with nothing to do", async () => {
    await job.run(guildhall.jobContext, {});
  });

  test("has the same effect if it runs twice or twice at once", async () => {
    const { jobContext } = guildhall;
    const work = await someWork();
    await Promise.all([job.run(jobContext, {}), job.run(jobContext, {})]);
    await settled();
    const once = await world();
    await job.run(jobContext, {});
    await settled();
    expect(await world()).toEqual(once);
    expect(guildhall.mailbox.received.filter(({ to }) => to.includes(work.email)).length).toBeLessThan(2);
  });

  test("accepts a payload with members of another version", async () => {
    await job.run(guildhall.jobContext, { added_by: "a newer version" });
  });

  test.each([null, "text", 7])("refuses an invalid payload: %j", async (payload) => {
    await expect(job.run(guildhall.jobContext, payload)).rejects.toThrow();
  });
});

describe("a row that disappears is no trouble", () => {
  beforeAll(async () => {
    guildhall = await startGuildhall();
  });
  afterAll(() => guildhall.stop());

  test("for the detachment", async () => {
    await detachOrganization(guildhall.db, newId("del"), () => false);
  });

  test("for recording a deleted invitation's email", async () => {
    await someWork();
    const [claimed] = await claimDeliveries(guildhall.db, {
      limit: 1,
      seconds: LEASE_SECONDS,
      domain: "guildhall.test",
    });
    expect(claimed?.state).toBe("sending");
    await guildhall.db("invitations").where({ id: claimed?.invitation_id }).del();
    await recordOutcomes(guildhall.db, [{ id: claimed?.id ?? "", attempts: 1, ...sent(250, "250 kept") }]);
    expect(await guildhall.db("mail_deliveries").where({ id: claimed?.id })).toEqual([]);
  });
});

describe.each(backends())("a worker, queue on %s", (backend) => {
  beforeAll(async () => {
    guildhall = await startGuildhall({ backend, worker: true });
  });
  afterAll(() => guildhall.stop());

  test.each(QUEUES)("drops a job with an unknown name and goes on with %s", async (name) => {
    await finished(name, "of-a-later-version", { whatever: true });
    const known = allJobs.find(({ queue }) => queue === name);
    await finished(name, known?.name ?? "", {});
  });

  test("records a job that fails, and takes the next one", async () => {
    const queue = guildhall.backend.queue("mail", { patient: true });
    const failing = await queue.add(WAKE_UP_JOBS.mail, "no payload at all", KEEP);
    await expect.poll(() => queue.getJobState(failing.id ?? ""), { timeout: 10_000 }).toBe("failed");
    await queue.close();
    await finished("mail", WAKE_UP_JOBS.mail, {});
  });

  /** Queues a job and waits until it has succeeded. */
  async function finished(queueName: QueueName, name: string, payload: object): Promise<void> {
    const queue = guildhall.backend.queue(queueName, { patient: true });
    const job = await queue.add(name, payload, KEEP);
    await expect.poll(() => queue.getJobState(job.id ?? ""), { timeout: 10_000 }).toBe("completed");
    await queue.close();
  }
});

function isJob(value: unknown): value is Job {
  return typeof value === "object" && value !== null && "queue" in value && "run" in value;
}

/**
 * Something for every job: a due email, an overdue invitation, one due for a reminder, a batch and a deletion in
 * progress.
 */
async function someWork(): Promise<{ email: string }> {
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner);
  const email = uniqueEmail();
  await invite(guildhall, organization, email);
  const overdue = (await invite(guildhall, organization, uniqueEmail())).body.data.id;
  await guildhall.db("invitations").where({ id: overdue }).update({ expires_at: "2020-01-01" });
  const unanswered = (await invite(guildhall, organization, uniqueEmail())).body.data.id;
  const sent_at = guildhall.db.raw("now() - interval '2 days 1 hour'");
  await guildhall
    .db("mail_deliveries")
    .where({ invitation_id: unanswered })
    .update({ state: "sent", due_at: null, sent_at });
  await sendBatch(guildhall.api, organization, [{ email: uniqueEmail() }, { email: "none" }]);
  const doomed = await buildOrganization(guildhall, owner);
  await deleteOrganization(guildhall.context, doomed, SYSTEM);
  return { email };
}

/** Waits for the emails in progress. */
async function settled(): Promise<void> {
  const sending = () => guildhall.db("mail_deliveries").where({ state: "sending" });
  await expect.poll(sending, { timeout: 10_000 }).toEqual([]);
}

/** Every row that a job may touch. */
function world() {
  const tables = [
    "invitations",
    "invitation_batches",
    "invitation_batch_rows",
    "mail_deliveries",
    "organization_deletions",
    "organizations",
    "memberships",
    "events",
  ];
  return Promise.all(tables.map((table) => guildhall.db(table).orderBy("id")));
}
