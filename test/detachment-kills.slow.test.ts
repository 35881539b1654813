import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Counts } from "../src/models/organization.ts";
import { backends, type Guildhall, startGuildhall } from "./support/guildhall.ts";
import {
  type Child,
  cleanUpProcesses,
  productionVariables,
  startGuildhallProcess,
} from "./support/process.ts";
import { addSharedRows, SHARED_TABLES, sumUp } from "./support/shared-rows.ts";
import { buildTeammates, type Teammates } from "./support/teammates.ts";

/** The rows in each of the five tables. */
const EACH = 10_000;
const KILLS = 5;
const WITHIN = 90_000;

let guildhall: Guildhall;

/** The workers are real processes; the queue is the one that suffers most from a killed worker. */
describe(`workers that keep being killed`, {
  timeout: 120_000,
}, () => {
  const backend = backends().at(-1) ?? "postgres";

  beforeAll(async () => {
    guildhall = await startGuildhall({ backend });
  });
  afterEach(cleanUpProcesses);
  afterAll(() => guildhall.stop());

  test(`detach ${5 * EACH} resources exactly once, queue on ${backend}`, async () => {
    const { db, settings, mailbox } = guildhall;
    const team = await buildTeammates(guildhall);
    const { owner, admin, billing, organization, path } = team;
    const { environment_id, id: organization_id } = organization;
    const creators = [owner, admin, billing].map(({ user }) => user.id);
    const other = await buildTeammates(guildhall);
    const untouched = [
      await addSharedRows(db, { environment_id, organization_id: null, user_ids: creators.slice(1) }, 500),
      await addSharedRows(db, { ...rowsOf(other), user_ids: creators }, 500),
    ];
    const doomed = await addSharedRows(db, { ...rowsOf(team), user_ids: creators }, EACH);
    const before = await sumUp(db, doomed);
    const exactly = () => Promise.all(untouched.map((numbers) => sumUp(db, numbers, [])));
    const beside = await exactly();

    const variables = {
      ...productionVariables("postgres", { port: 1, database: settings.DATABASE_URL, smtp: mailbox.url }),
      REDIS_URL: settings.REDIS_URL ?? "",
      SWEEP_EVERY: "500ms",
    };
    const start = () => startGuildhallProcess("worker", variables);
    const workers = [start(), start()];
    await Promise.all(workers.map((worker) => worker.prints(/taking jobs/)));
    const { planned } = (await owner.api.delete(path)).body.data;
    expect(planned).toMatchObject(Object.fromEntries(SHARED_TABLES.map((table) => [table, EACH])));

    const killed = killAtRandom(workers, start, { total: 5 * EACH, progress: () => progress(team) });
    const steps = await followed(team);
    expect(await killed).toBe(KILLS);
    expect(steps.at(-1)).toEqual(planned);
    expect(steps.length).toBeGreaterThan(KILLS);
    for (const [n, step] of steps.entries())
      for (const [table, done] of Object.entries(step))
        expect(done, table).toBeGreaterThanOrEqual(steps[n - 1]?.[table] ?? 0);

    expect(await sumUp(db, doomed)).toEqual(before);
    expect(await exactly()).toEqual(beside);
    expect(await db("organizations").where({ id: organization_id })).toEqual([]);
    for (const table of SHARED_TABLES) {
      expect(await db(table).where({ organization_id })).toEqual([]);
      const created = await db(table).whereIn("user_id", creators).where({ organization_id: null }).count();
      expect(created).toEqual([{ count: EACH + 500 }]);
    }
    const ended = db("events").where({ organization_id, type: "organization.deleted" });
    expect(await ended).toMatchObject([{ data: { done: planned } }]);
    for (const worker of workers) expect(worker.output()).not.toContain('"level":50');
  });
});

function rowsOf({ organization }: Teammates) {
  return { environment_id: organization.environment_id, organization_id: organization.id };
}

/**
 * Kills one of the workers, or both at once, whenever a random part of the work is done, and starts others.
 * @param workers all of them, killed ones included; new ones are added.
 * @returns how often it killed.
 */
async function killAtRandom(
  workers: Child[],
  start: () => Child,
  { total, progress }: { total: number; progress(): Promise<number> },
): Promise<number> {
  const marks = Array.from({ length: KILLS }, () => randomInt(1, Math.floor(total * 0.9))).toSorted(
    (a, b) => a - b,
  );
  const alive = [...workers];
  for (const [n, mark] of marks.entries()) {
    while ((await progress()) < mark) await sleep(5);
    // Every other time both are killed, and the new ones have only the rows to go by.
    for (const victim of alive.splice(0, 1 + (n % 2))) victim.signal("SIGKILL");
    while (alive.length < 2) {
      const worker = start();
      workers.push(worker);
      alive.push(worker);
    }
  }
  return marks.length;
}

/** The number of detached resources. */
async function progress({ organization }: Teammates): Promise<number> {
  const organization_id = organization.id;
  const { done } = await guildhall.db("organization_deletions").where({ organization_id }).first("done");
  return SHARED_TABLES.reduce((sum, table) => sum + (done[table] ?? 0), 0);
}

/** The counts each time the owner looked, until it is completed. */
async function followed({ owner, path }: Teammates): Promise<Counts[]> {
  const steps: Counts[] = [];
  for (const deadline = Date.now() + WITHIN; Date.now() < deadline; await sleep(200)) {
    const { body } = await owner.api.get(`${path}/deletion`);
    steps.push(body.data.done);
    if (body.data.state === "completed") return steps;
  }
  throw new Error(`not completed within ${WITHIN / 1_000} s: ${JSON.stringify(steps.at(-1))}`);
}
