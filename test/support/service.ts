import { setTimeout as sleep } from "node:timers/promises";
import type { Knex } from "knex";
import { openQueueBackend, type QueueBackend } from "../../jobs/queue-backend.ts";
import { createIdentitySources } from "../../src/access/identities/identity-sources.ts";
import { createApp } from "../../src/app.ts";
import type { Settings } from "../../src/config/variables.ts";
import type { Context } from "../../src/context.ts";
import { createRateLimiter } from "../../src/http/rate-limiter.ts";
import { serve } from "../../src/http/serve.ts";
import type { Log } from "../../src/log.ts";
import { closeContext, openContext } from "../../src/open-context.ts";
import type { Mailbox } from "./mailbox.ts";
import type { TestDatabase } from "./test-database.ts";
// The checks of every answer. Loaded between two requests, they would block a busy machine until the server drops the
// idle connection that the next request uses.
import "./bridge-problems.ts";
import "./json-api-checks.ts";

/** Everything of a Guildhall that takes long to open. */
export interface Service {
  settings: Settings;
  context: Context;
  backend: QueueBackend;
  mailbox: Mailbox;
  origin: string;
  close(): Promise<void>;
}

interface Parts {
  settings: Settings;
  database: TestDatabase;
  mailbox: Mailbox;
  log: Log;
}

export async function openService({ settings, database, mailbox, log }: Parts): Promise<Service> {
  const backend = openQueueBackend(settings);
  // Hundreds ask at once, on any machine: they may wait for each other.
  const context = openContext(settings, backend, log, { patience: 20_000 });
  await reachable(context);
  const server = await serve(createApp(context), { port: 0, host: "127.0.0.1" });
  const origin = `http://127.0.0.1:${server.port}`;
  settings.PUBLIC_URL = origin;
  return {
    settings,
    context,
    backend,
    mailbox,
    origin,
    async close() {
      await server.stop(1_000);
      await closeContext(context);
      await backend.close();
      await mailbox.stop();
      await database.drop();
    },
  };
}

async function reachable({ queues }: Context): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    if (
      await queues.ping().then(
        () => true,
        () => new Promise((resolve) => setTimeout(() => resolve(false), 20)),
      )
    )
      return;
  }
}

interface Lent {
  service: Service;
  /** As they were when it was new. */
  settings: Settings;
  context: Context;
  schema: string;
}

/** Those that no test file of this process has right now. */
const free: Lent[] = [];

/**
 * Lends a service with our usual settings, as if it were new. Opening one costs more than most files take to run, so
 * they use the same ones, one file after the other.
 * @returns one whose `close` gives it back: emptied, with its first settings.
 */
export async function borrowService(open: () => Promise<Service>): Promise<Service> {
  const lent = free.pop() ?? (await remember(await open()));
  return { ...lent.service, close: () => giveBack(lent) };
}

async function remember(service: Service): Promise<Lent> {
  const { schema } = await lookAt(service.context.db);
  return { service, settings: { ...service.settings }, context: { ...service.context }, schema };
}

/** Closes it instead if a test changed what emptying its tables does not undo. */
async function giveBack(lent: Lent): Promise<void> {
  const { service, settings, context } = lent;
  if (!(await canServeAgain(lent).catch(() => false))) return service.close();
  await emptyTables(context.db);
  service.mailbox.received.length = 0;
  for (const name of Object.keys(service.settings)) Reflect.deleteProperty(service.settings, name);
  Object.assign(service.settings, settings);
  const limiter = createRateLimiter();
  Object.assign(service.context, context, { limiter, identities: createIdentitySources(settings) });
  free.push(lent);
}

/** Bytes. An empty database has 11 MB; deleted rows stay on disk and make later reads slower. */
const LARGE = 24_000_000;

async function canServeAgain({ context: { db }, schema }: Lent): Promise<boolean> {
  if (!(await isIdle(db))) return false;
  const now = await lookAt(db);
  return now.schema === schema && now.bytes < LARGE;
}

/** Waits for requests that a test did not wait for. */
async function isIdle({ client: { pool } }: Knex): Promise<boolean> {
  for (const deadline = Date.now() + 2_000; Date.now() < deadline; await sleep(10))
    if (pool.numUsed() + pool.numPendingAcquires() === 0) return true;
  return false;
}

/** Where the schema is written down, by the column that names the object a row belongs to. */
const CATALOGS = {
  pg_proc: "oid",
  pg_attribute: "attrelid",
  pg_constraint: "oid",
  pg_index: "indexrelid",
  pg_trigger: "oid",
  pg_statistic: "starelid",
  pg_db_role_setting: "setdatabase",
};

/** @returns a schema that differs after every change of a trigger, function, column, index, setting or statistic. */
async function lookAt(db: Knex): Promise<{ schema: string; bytes: number }> {
  const sums = Object.entries(CATALOGS).map(
    ([catalog, of]) =>
      `(select concat(count(*), ' ', sum(xmin::text::bigint)) from ${catalog} where ${of} >= 16384)`,
  );
  const { rows } = await db.raw(
    `select concat_ws(', ', ${sums}) as schema, pg_database_size(current_database()) as bytes`,
  );
  return rows[0];
}

/** Deletes all rows but those of the migrations and of open queues. Truncating so many small tables would take longer. */
async function emptyTables(db: Knex): Promise<void> {
  await db.raw(`
    do $$
    declare own_table text;
    begin
      -- No trigger, and no foreign key, which are triggers, too.
      set local session_replication_role = replica;
      for own_table in
        select oid::regclass from pg_class
        where relkind = 'r' and relnamespace in ('public'::regnamespace, 'bullmq'::regnamespace) and relname !~ 'migration|^meta$'
      loop
        execute 'delete from ' || own_table;
      end loop;
    end $$`);
}
