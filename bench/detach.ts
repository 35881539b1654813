import { setTimeout as sleep } from "node:timers/promises";
import type { Knex } from "knex";
import { openDatabase } from "../src/db/connection.ts";
import { SYSTEM } from "../src/events/record-events.ts";
import { deleteOrganization } from "../src/organizations/delete-organization.ts";
import { detachOrganization } from "../src/organizations/detach-organization.ts";
import { detachAtOnce } from "./bare/bulk.ts";
import { drive, requestText, sampleAtPace } from "./http-load.ts";
import { type Contestant, quantile, takeTurns } from "./measure.ts";
import type { Options } from "./options.ts";
import { addMembers, type Member } from "./people.ts";
import { addResources } from "./resources.ts";
import { AS_OPERATOR, productionVariables, queueOf } from "./service.ts";
import type { Stage } from "./stage.ts";
import { durations, type Report } from "./table.ts";

/** A member who manages what their organization pays with. */
const PAYERS = { role: "billing", others: 0 } as const;

/**
 * Takes a deleted organization off its resources chunk by chunk, against one UPDATE for each of the five tables, on
 * copies of the same rows.
 */
export async function benchDetach(stage: Stage, { rows, rounds }: Options): Promise<Report> {
  const original = await stage.createDatabase("detach");
  const [organization_id = "", ...others] = original.organizationIds;
  const userIds = (await addMembers(original, others, PAYERS)).map(({ user_id }) => user_id);
  await addResources(original, [organization_id], { each: rows, userIds });

  function onCopy(who: string, begin: (url: string) => Promise<() => Promise<void>>): Contestant {
    let work = async () => {};
    return {
      who,
      processes: { Postgres: stage.servers.Postgres },
      async prepare() {
        work = await begin((await stage.copyDatabase(original, `detach_${who}`)).url);
      },
      async run() {
        await work();
        return [];
      },
    };
  }
  const ours = onCopy("ours", async (url) => {
    const db = openDatabase({ url, poolSize: 1, name: "bench", statementTimeout: 0 });
    const { environment_id } = await db("organizations").where({ id: organization_id }).first();
    const nobody = { wakeUp() {}, async ping() {}, async close() {} };
    const organization = { id: organization_id, environment_id };
    const { id } = await deleteOrganization({ db, queues: nobody }, organization, SYSTEM);
    return () => detachOrganization(db, id, () => false).finally(() => db.destroy());
  });
  const bare = onCopy("bare", async (url) => () => detachAtOnce(url, organization_id));

  const measured = await takeTurns([ours, bare], { rounds, warmUp: 0, each: { count: rows } });
  const what = `detach: ${rows.toLocaleString("en")} resources ÷ bare UPDATEs`;
  return { measured, judgments: durations(what, rows, measured, 1.5) };
}

/** So few requests that only the deletion makes them wait. */
const LOAD = { connections: 8, perSecond: 100 };
/** Milliseconds; warming up takes as long again. */
const IDLE = 5_000;

/**
 * One API and one worker process. Members of other organizations list subscriptions and create customers; how long that
 * takes while nothing else happens and while an organization is deleted, in turns.
 */
export async function benchBeside(stage: Stage, { rows, rounds }: Options): Promise<Report> {
  const database = await stage.createDatabase("detach_beside_others");
  const doomed = database.organizationIds.slice(0, rounds);
  const living = database.organizationIds.slice(rounds);
  const members = await addMembers(database, living, PAYERS);
  const userIds = members.map(({ user_id }) => user_id);
  await addResources(database, living, { each: 500, userIds });
  await addResources(database, doomed, { each: rows / rounds, userIds });
  const variables = { ...productionVariables(database, "smtp://127.0.0.1:9"), ...queueOf(stage, 2) };
  const { port } = await stage.startApi(variables);
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
  const what = `beside: another organization's p99 while ${rows.toLocaleString("en")} resources are detached ÷ idle`;
  const figures = {
    ours: describeLatency(beside),
    reference: describeLatency(idle),
    result: during / before,
  };
  return { measured: [], judgments: [{ what, ...figures, target: { atMost: 2 } }] };
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
  const deletion = requestText("DELETE", `/api/organizations/${organization_id}`, AS_OPERATOR);
  await drive(port, [deletion].values(), 1);
  const completed = { organization_id, state: "completed" };
  while ((await db("organization_deletions").where(completed)).length === 0) await sleep(50);
}

function describeLatency(milliseconds: number[]): string {
  const [p50, p99] = [0.5, 0.99].map((fraction) => quantile(milliseconds, fraction).toFixed(1));
  return `p50 ${p50} ms, p99 ${p99} ms (${milliseconds.length})`;
}
