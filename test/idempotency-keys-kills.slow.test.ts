import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../src/local/free-port.ts";
import type { Organization } from "../src/models/organization.ts";
import type { ApiAnswer } from "./support/api.ts";
import { buildOrganization, buildPerson } from "./support/builders.ts";
import { OPERATOR_TOKEN, useGuildhall } from "./support/guildhall.ts";
import {
  type Child,
  cleanUpProcesses,
  operatorAt,
  productionVariables,
  startGuildhallProcess,
} from "./support/process.ts";
import { ask, expectOnce, insist, isReplay, type Wish, wishFor } from "./support/wishes.ts";

const guildhall = useGuildhall();
let organization: Organization;

beforeAll(async () => {
  organization = await buildOrganization(guildhall, await buildPerson(guildhall));
});

describe("a keyed request is done once", { timeout: 120_000 }, () => {
  afterEach(cleanUpProcesses);

  test("when the caller hangs up at any moment", async () => {
    for (let time = 0; time < 40; time += 1) {
      const wish = wishFor(organization);
      const gone = new AbortController();
      const lost = fetch(`${guildhall.api.origin}/api/invitations`, {
        ...requestOf(wish),
        signal: gone.signal,
      }).then(
        (answer) => answer.text(),
        () => "",
      );
      await sleep(Math.random() * 25);
      gone.abort();
      await lost;
      await expectOnce(guildhall, wish, [await insist(guildhall.api, wish)]);
    }
  });

  test("when the database drops its connection: 503", async () => {
    const wish = wishFor(organization);
    await whileHeld(async () => {
      const lost = ask(guildhall.api, wish);
      await expect.poll(() => drop("wait_event_type = 'Lock'"), { timeout: 2_500 }).toBe(1);
      expect(await lost).toMatchObject({ status: 503 });
    });
    const answer = await insist(guildhall.api, wish);
    expect(isReplay(answer)).toBe(false);
    await expectOnce(guildhall, wish, [answer, await ask(guildhall.api, wish)]);
  });

  test("when connections are dropped at random", async () => {
    const asked = Array.from({ length: 100 }, () => wishFor(organization));
    let [stopped, dropped] = [false, 0];
    const nemesis = (async () => {
      for (; !stopped; await sleep(20)) dropped += await drop("state <> 'idle'");
    })();
    const answers = await Promise.all(asked.map((wish) => insist(guildhall.api, wish)));
    stopped = true;
    await nemesis;
    expect(dropped).toBeGreaterThan(0);
    for (const [n, wish] of asked.entries()) await expectOnce(guildhall, wish, [answers[n] as ApiAnswer]);
  });

  test("when the process dies before the commit", async () => {
    const [port, wish] = [await freePort(), wishFor(organization)];
    const api = await serving(port);
    await whileHeld(async () => {
      const lost = ask(operatorAt(port), wish).catch(() => undefined);
      await expect.poll(() => count("wait_event_type = 'Lock'"), { timeout: 2_500 }).toBe(1);
      api.signal("SIGKILL");
      expect(await lost).toBeUndefined();
    });
    const answer = await insist(guildhall.api, wish);
    expect(isReplay(answer)).toBe(false);
    await expectOnce(guildhall, wish, [answer]);
  });

  test("when the process dies during the commit", async () => {
    const [port, wish] = [await freePort(), wishFor(organization)];
    const api = await serving(port);
    await guildhall.db.raw(`
      create function linger() returns trigger language plpgsql as $$ begin perform pg_sleep(1); return null; end $$;
      create constraint trigger linger after insert on idempotency_keys deferrable initially deferred
        for each row execute function linger()`);
    const lost = ask(operatorAt(port), wish).catch(() => undefined);
    await expect.poll(() => count("wait_event = 'PgSleep'"), { timeout: 5_000 }).toBe(1);
    api.signal("SIGKILL");
    expect(await lost).toBeUndefined();
    const answer = await insist(guildhall.api, wish);
    await guildhall.db.raw("drop function linger() cascade");
    expect(isReplay(answer)).toBe(true);
    await expectOnce(guildhall, wish, [answer]);
  });

  test("when processes are killed at random", async () => {
    const port = await freePort();
    const asked: Wish[] = [];
    const seen: Array<ApiAnswer | undefined> = [];
    for (let round = 0; round < 3; round += 1) {
      const api = await serving(port);
      const batch = Array.from({ length: 40 }, () => wishFor(organization));
      const answers = batch.map((wish) => ask(operatorAt(port), wish).catch(() => undefined));
      // Some are answered, some are in progress, some have not begun.
      await Promise.race(answers);
      await sleep(Math.random() * 60);
      api.signal("SIGKILL");
      asked.push(...batch);
      seen.push(...(await Promise.all(answers)));
      await api.ends();
    }
    const answered = seen.filter((answer) => answer?.status === 201).length;
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThan(asked.length);
    for (const [n, wish] of asked.entries()) {
      const again = await insist(guildhall.api, wish);
      const before = seen[n]?.status === 201 ? [seen[n]] : [];
      if (before.length > 0) expect(isReplay(again)).toBe(true);
      await expectOnce(guildhall, wish, [...before, again]);
    }
  });
});

/** The same request for `fetch`, which can be aborted. */
function requestOf({ key, document }: Wish) {
  return {
    method: "POST",
    headers: {
      Authorization: `Bearer ${OPERATOR_TOKEN}`,
      "X-Environment": "acme-test",
      "Content-Type": "application/vnd.api+json",
      "Idempotency-Key": key,
    },
    body: JSON.stringify(document),
  };
}

/** Keeps everyone from inviting to the organization during `work`. */
function whileHeld<Result>(work: () => Promise<Result>): Promise<Result> {
  return guildhall.db.transaction(async (trx) => {
    await trx("organizations").where({ id: organization.id }).forUpdate().select("id");
    return work();
  });
}

const OURS =
  "datname = current_database() and application_name like 'guildhall-%' and pid <> pg_backend_pid()";

/** The number of connections with this condition. */
async function count(condition: string): Promise<number> {
  return (await guildhall.db("pg_stat_activity").whereRaw(`${OURS} and ${condition}`)).length;
}

/** Drops one of the connections with this condition. @returns how many it dropped. */
async function drop(condition: string): Promise<number> {
  const one = `select pid from pg_stat_activity where ${OURS} and ${condition} order by random() limit 1`;
  const { rows } = await guildhall.db.raw(`select pg_terminate_backend(pid) from (${one}) one`);
  return rows.length;
}

async function serving(port: number): Promise<Child> {
  const { settings, mailbox } = guildhall;
  const variables = productionVariables("postgres", {
    port,
    database: settings.DATABASE_URL,
    smtp: mailbox.url,
  });
  const api = startGuildhallProcess("api", variables);
  await api.prints(/serving/);
  return api;
}
