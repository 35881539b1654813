import { setTimeout as sleep } from "node:timers/promises";
import type { Knex } from "knex";
import { openDatabase } from "../src/db/connection.ts";
import { SYSTEM } from "../src/events/record-events.ts";
import { DETACHED_TABLES } from "../src/organizations/count-organization-rows.ts";
import { deleteOrganization } from "../src/organizations/delete-organization.ts";
import { detachOrganization } from "../src/organizations/detach-organization.ts";
import { drive, requestText, sampleAtPace } from "./http-load.ts";
import { type Contestant, quantile, takeTurns } from "./measure.ts";
import { addMembers, addResources, type Member } from "./resources.ts";
import { ADMIN_TOKEN, productionVariables, queueBackends } from "./service.ts";
import type { Stage } from "./stage.ts";
import { durationRow, type Row } from "./table.ts";

interface Options {
  rows: number;
  rounds: number;
}

/** A member who manages what their organization pays with. */
const PAYERS = { role: "billing", each: 1 } as const;

/** Measures the deletion of an organization with many resources, and what others notice of it. */
export async function benchDetach(stage: Stage, options: Options): Promise<Row[]> {
  return [await againstBareUpdates(stage, options), await besideOthers(stage, options)];
}

/** Compares our resumable batches with one UPDATE for each of the five tables, on copies of the same rows. */
async function againstBareUpdates(stage: Stage, { rows, rounds }: Options): Promise<Row> {
  const original = await stage.createDatabase("detach");
  const [organization_id = "", ...others] = original.organizationIds;
  const userIds = (await addMembers(original, others, PAYERS)).map(({ user_id }) => user_id);
  await addResources(original, [organization_id], { each: rows, userIds });

  function onCopy(name: string, begin: (db: Knex) => Promise<() => Promise<void>>): Contestant {
    let work: () => Promise<void>;
    return {
      async prepare() {
        const { url } = await stage.copyDatabase(original, name);
        const db = openDatabase({ url, poolSize: 1, name: "bench", statementTimeout: 0 });
        const run = await begin(db);
        work = () => run().finally(() => db.destroy());
      },
      run: () => work(),
    };
  }
  const ours = onCopy("detach_ours", async (db) => {
    const { environment_id } = await db("organizations").where({ id: organization_id }).first();
    const nobody = { wakeUp() {}, async ping() {}, async close() {} };
    const organization = { id: organization_id, environment_id };
    const { id } = await deleteOrganization({ db, queues: nobody }, organization, SYSTEM);
    return () => detachOrganization(db, id, () => false);
  });
  const bare = onCopy("detach_bare", async (db) => async () => {
    for (const { table, hasDefault } of DETACHED_TABLES) {
      const release = hasDefault ? "is_default = false, " : "";
      await db.raw(
        `update ${table} set organization_id = null, ${release}updated_at = now() where organization_id = ?`,
        [organization_id],
      );
    }
  });

  const results = await takeTurns([ours], bare, { count: rows, rounds });
  const [series = results.reference] = results.ours;
  const what = `detach ${rows.toLocaleString("en")} rows ÷ bare UPDATEs`;
  return durationRow(what, rows, series, results.reference, 1.5);
}

/** So few requests that only the deletion makes them wait. */
const LOAD = { connections: 8, perSecond: 100 };
/** Milliseconds; warming up takes as long again. */
const IDLE = 5_000;

/**
 * One API and one worker process. Members of other organizations list subscriptions and create customers; how long that
 * takes while nothing else happens and while an organization is deleted, in turns.
 */
async function besideOthers(stage: Stage, { rows, rounds }: Options): Promise<Row> {
  const database = await stage.createDatabase("detach_beside_others");
  const doomed = database.organizationIds.slice(0, rounds);
  const living = database.organizationIds.slice(rounds);
  const members = await addMembers(database, living, PAYERS);
  const userIds = members.map(({ user_id }) => user_id);
  await addResources(database, living, { each: 500, userIds });
  await addResources(database, doomed, { each: rows / rounds, userIds });
  const [[, queue] = ["", {}]] = queueBackends(stage, 2);
  const variables = { ...productionVariables(database, "smtp://127.0.0.1:9"), ...queue };
  const port = await stage.startApi(variables);
  stage.startWorker(variables);
  const db = openDatabase({ url: database.url, poolSize: 1, name: "bench" });
  const requests = requestsOf(members);
  const sampleUntil = async (over: Promise<unknown>) => {
    let stopped = false;
    const sampling = sampleAtPace(port, requests, { ...LOAD, stopped: () => stopped });
    await over.finally(() => {
      stopped = true;
    });
    return sampling;
  };

  await sampleUntil(sleep(IDLE));
  const idle: number[] = [];
  const beside: number[] = [];
  for (const id of doomed) {
    await db.raw("checkpoint");
    idle.push(...(await sampleUntil(sleep(IDLE))));
    beside.push(...(await sampleUntil(deleteAndWait(port, db, id))));
  }
  await db.destroy();

  const [before, during] = [idle, beside].map((samples) => quantile(samples, 0.99)) as [number, number];
  return {
    what: "another organization's p99 during it ÷ idle",
    ours: describeLatency(beside),
    reference: describeLatency(idle),
    result: (during / before).toFixed(2),
    target: "≤ 2",
  };
}

function* requestsOf(members: Member[]): Generator<string> {
  for (;;) {
    for (const { organization_id, token } of members) {
      const headers = { "X-Session-ID": token, "X-Environment": "acme-test" };
      yield requestText("GET", `/bridge-payment/subscriptions?organization_id=${organization_id}`, headers);
      yield requestText(
        "POST",
        "/bridge-payment/customers",
        { ...headers, "Content-Type": "application/json" },
        { organization_id, email: "customer@example.com" },
      );
    }
  }
}

async function deleteAndWait(port: number, db: Knex, organization_id: string): Promise<void> {
  const headers = { Authorization: `Bearer ${ADMIN_TOKEN}`, "X-Environment": "acme-test" };
  const deletion = requestText("DELETE", `/api/organizations/${organization_id}`, headers);
  await drive(port, [deletion].values(), 1);
  const completed = { organization_id, state: "completed" };
  while ((await db("organization_deletions").where(completed)).length === 0) await sleep(50);
}

function describeLatency(milliseconds: number[]): string {
  const [p50, p99] = [0.5, 0.99].map((fraction) => quantile(milliseconds, fraction).toFixed(1));
  return `p50 ${p50} ms, p99 ${p99} ms (${milliseconds.length})`;
}
