import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
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
import { type SilentProxy, startSilentProxy } from "./support/silent-proxy.ts";
import { createTestDatabase, type TestDatabase } from "./support/test-database.ts";

vi.setConfig({ testTimeout: 240_000 });
/** The time a loaded machine may need for something promised within 15 s. */
const SOON = { timeout: 60_000, interval: 100 };

let database: TestDatabase;
let proxy: SilentProxy;
let mailbox: Mailbox;
beforeEach(async () => {
  database = await createTestDatabase();
  proxy = await startSilentProxy(database.url);
  mailbox = await startMailbox();
});
afterEach(async () => {
  await cleanUpProcesses();
  await mailbox.stop();
  proxy.stop();
  await database.drop();
});

describe.each(backends())("in production, queue on %s,", (backend) => {
  test("api and worker recover after the database's host vanished silently", async () => {
    const port = await freePort();
    const variables = productionVariables(backend, { port, database: proxy.url, smtp: mailbox.url });
    const [api, worker] = [
      startGuildhallProcess("api", variables),
      startGuildhallProcess("worker", variables),
    ];
    await Promise.all([api.prints(/serving/), worker.prints(/taking jobs/)]);
    const operator = operatorAt(port);
    const organization = await foundOrganization(operator);
    await invite();

    proxy.silence();
    await invite();

    proxy.silence({ andNew: true });
    await vi.waitFor(async () => expect((await operator.get("/readyz")).status).toBe(503), SOON);
    await proxy.heal();
    await invite();
    await vi.waitFor(async () => expect((await operator.get("/readyz")).status).toBe(200), SOON);
    for (const child of [api, worker]) child.signal("SIGTERM");
    for (const child of [api, worker]) expect(await child.ends(20_000)).toEqual({ code: 0, signal: null });

    /** Sends the request until it succeeds, and waits for the email. */
    async function invite(): Promise<void> {
      const email = uniqueEmail();
      await vi.waitFor(async () => {
        const { status } = await operator.post("/api/invitations", invitationTo(organization, email));
        expect([201, 409]).toContain(status);
      }, SOON);
      await vi.waitFor(() => expect(mailbox.received.flatMap(({ to }) => to)).toContain(email), SOON);
    }
  });
});
