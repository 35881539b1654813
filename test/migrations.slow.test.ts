import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { allMigrations } from "../migrations/all-migrations.ts";
import { openDatabase } from "../src/db/connection.ts";
import { databaseProblems } from "../src/db/database-problems.ts";
import { migrate, schemaState } from "../src/db/migrate.ts";
import { freePort } from "../src/local/free-port.ts";
import { invitationTo, uniqueEmail } from "./support/builders.ts";
import { backends } from "./support/guildhall.ts";
import { type Mailbox, startMailbox } from "./support/mailbox.ts";
import {
  cleanUpProcesses,
  foundOrganization,
  operatorAt,
  productionVariables,
  startGuildhallProcess,
} from "./support/process.ts";
import { createTestDatabase, type TestDatabase } from "./support/test-database.ts";

vi.setConfig({ testTimeout: 240_000 });

const QUEUE = { queueInPostgres: true };

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await cleanUpProcesses();
  await database.drop();
});

describe("after a newer version's migration,", () => {
  beforeEach(() => run("insert into guildhall_migrations (name, batch) values ('9999-from-the-future', 99)"));

  test("this version finds nothing pending and migrates nothing", async () => {
    const before = await run("select * from guildhall_migrations_lock, bullmq.migration");
    expect(await schemaState(database.url, QUEUE)).toEqual({ pending: [], newer: ["9999-from-the-future"] });
    expect(await migrate(database.url, QUEUE)).toEqual({ migrations: [], newer: ["9999-from-the-future"] });
    expect(await run("select * from guildhall_migrations_lock, bullmq.migration")).toEqual(before);
  });

  test("a database that lacks migrations of this version is refused by name", async () => {
    await run("delete from knex_migrations where name = '0011-reminders-by-day'");
    await expect(migrate(database.url, QUEUE)).rejects.toThrow(
      "it has 9999-from-the-future, which this version doesn't know, and lacks 0011-reminders-by-day",
    );
  });

  test.each(backends())("`migrate` says so, and api and worker run, queue on %s", async (backend) => {
    const mailbox = await startMailbox();
    const port = await freePort();
    const variables = productionVariables(backend, { port, database: database.url, smtp: mailbox.url });
    const migrating = startGuildhallProcess("migrate", variables);
    expect(await migrating.ends()).toEqual({ code: 0, signal: null });
    expect(migrating.output()).toContain("the database is newer than this version: nothing changed");
    await startAndInvite(variables, port, mailbox);
    await mailbox.stop();
  });
});

test("version 0.1.0 starts on this version's schema and finds it complete", async () => {
  // It asks knex, which refuses a list with a migration it doesn't know.
  const known = allMigrations.filter(({ name }) => name <= "0011-reminders-by-day");
  const migrationSource = {
    getMigrations: async () => known,
    getMigrationName: ({ name }: (typeof known)[number]) => name,
    getMigration: async ({ migration }: (typeof known)[number]) => migration,
  };
  const db = openDatabase({ url: database.url, poolSize: 1, name: "test" });
  const [done, pending] = await db.migrate.list({ migrationSource });
  await db.destroy();
  expect([done.length, pending]).toEqual([11, []]);
});

test("processes keep running while a newer version adds columns everywhere", async () => {
  const mailbox = await startMailbox();
  const port = await freePort();
  const variables = productionVariables("postgres", { port, database: database.url, smtp: mailbox.url });
  const { organization } = await startAndInvite(variables, port, mailbox);
  await run(`do $$ declare t text; begin
    for t in select tablename from pg_tables where schemaname = 'public' loop
      execute format('alter table %I add column from_the_future text', t);
    end loop;
  end $$`);
  await inviteWith(port, organization, mailbox);
  await mailbox.stop();
});

test("a role that can't create tables runs api and worker after a migration", async () => {
  const role = `app_${randomBytes(6).toString("hex")}`;
  await run(`create role ${role} login password 'secret'`);
  await run(`drop sequence if exists ${(await queueSequences()).join(", ")}`);
  await run(`
    revoke create on schema public from public;
    grant usage on schema public, bullmq to ${role};
    grant select, insert, update, delete on all tables in schema public, bullmq to ${role};
    grant usage, select on all sequences in schema public, bullmq to ${role}`);
  const mailbox = await startMailbox();
  const port = await freePort();
  const variables = productionVariables("postgres", { port, database: database.url, smtp: mailbox.url });
  expect(await startGuildhallProcess("migrate", variables).ends()).toEqual({ code: 0, signal: null });
  const url = Object.assign(new URL(database.url), { username: role, password: "secret" });
  await startAndInvite({ ...variables, DATABASE_URL: url.href }, port, mailbox);
  await mailbox.stop();
  await cleanUpProcesses();
  await run(`drop owned by ${role}; drop role ${role}`);
});

test("a database that can't store every name is refused before any migration", async () => {
  const name = `latin_${randomBytes(6).toString("hex")}`;
  await run(`create database ${name} encoding 'LATIN1' locale 'C' template template0`);
  const url = Object.assign(new URL(database.url), { pathname: `/${name}` }).href;
  await expect(migrate(url, QUEUE)).rejects.toThrow("a database with the encoding LATIN1");
  expect(await run("select tablename from pg_tables where schemaname = 'public'", url)).toEqual([]);
  await run(`drop database ${name}`);
});

test("migrate refuses a role that can't create tables and names the grant", async () => {
  const role = `app_${randomBytes(6).toString("hex")}`;
  await run(`create role ${role} login password 'secret'; revoke create on schema public from public`);
  await run(`grant select on all tables in schema public to ${role}`);
  const url = Object.assign(new URL(database.url), { username: role, password: "secret" }).href;
  await run("delete from knex_migrations where name = '0011-reminders-by-day'");
  await expect(migrate(url, { queueInPostgres: false })).rejects.toThrow(
    `run \`grant create on schema public to ${role}\``,
  );
  await run(`drop owned by ${role}; drop role ${role}`);
});

test("a Postgres that is too old is refused by name", () => {
  const facts = {
    version_number: 140_011,
    version: "14.11",
    encoding: "UTF8",
    role: "app",
    database: "guildhall",
    schema: "public",
    may_create: true,
    may_create_schema: true,
  };
  expect(databaseProblems(facts, QUEUE)).toEqual([
    "DATABASE_URL leads to Postgres 14.11: Guildhall needs 15 or newer",
  ]);
});

async function startAndInvite(variables: Record<string, string>, port: number, mailbox: Mailbox) {
  const children = [startGuildhallProcess("api", variables), startGuildhallProcess("worker", variables)];
  await Promise.all([children[0]?.prints(/serving/), children[1]?.prints(/taking jobs/)]);
  const organization = await foundOrganization(operatorAt(port));
  await inviteWith(port, organization, mailbox);
  return { organization };
}

/** A short refusal is allowed. */
async function inviteWith(port: number, organization: string, mailbox: Mailbox): Promise<void> {
  const email = uniqueEmail();
  await vi.waitFor(
    async () => {
      const { status } = await operatorAt(port).post("/api/invitations", invitationTo(organization, email));
      expect(status).toBe(201);
    },
    { timeout: 30_000, interval: 200 },
  );
  await mailbox.waitFor(email);
}

async function queueSequences(): Promise<string[]> {
  const rows = await run(
    "select oid::regclass::text as name from pg_class where relname like 'bullmq_jid_%'",
  );
  return rows.map(({ name = "" }) => name);
}

async function run(sql: string, url = database.url): Promise<Array<Record<string, string>>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
