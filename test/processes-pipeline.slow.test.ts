import pg from "pg";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { freePort } from "../src/local/free-port.ts";
import { invitationTo, uniqueEmail } from "./support/builders.ts";
import { backends } from "./support/guildhall.ts";
import { startMailbox } from "./support/mailbox.ts";
import {
  cleanUpProcesses,
  foundOrganization,
  operatorAt,
  productionVariables,
  startGuildhallProcess,
} from "./support/process.ts";
import { startScriptedSmtp } from "./support/scripted-smtp.ts";
import { createTestDatabase, type TestDatabase } from "./support/test-database.ts";

vi.setConfig({ testTimeout: 120_000 });
const SOON = 30_000;

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await cleanUpProcesses();
  await database.drop();
});

describe.each(backends())("processes side by side, queue on %s:", (backend) => {
  test("two apis and two workers send every email once", async () => {
    const mailbox = await startMailbox();
    const ports = [await freePort(), await freePort()] as const;
    const variables = productionVariables(backend, {
      port: ports[0],
      database: database.url,
      smtp: mailbox.url,
    });
    const apis = ports.map((port) => startGuildhallProcess("api", { ...variables, PORT: String(port) }));
    const workers = [1, 2].map(() => startGuildhallProcess("worker", variables));
    await Promise.all(apis.map((api) => api.prints(/serving/)));
    await Promise.all(workers.map((worker) => worker.prints(/taking jobs/)));

    const operators = ports.map((port) => operatorAt(port));
    const organization = await foundOrganization(operatorAt(ports[0]));
    const emails = Array.from({ length: 40 }, uniqueEmail);
    const answers = await Promise.all(
      emails.map((email, n) => operators[n % 2]?.post("/api/invitations", invitationTo(organization, email))),
    );
    expect(answers.map((answer) => answer?.status)).toEqual(emails.map(() => 201));

    const children = [...apis, ...workers];
    const settled = "select from mail_deliveries where state <> 'sent'";
    await vi.waitFor(async () => expect(await count(settled)).toBe(0), SOON);
    for (const child of children) child.signal("SIGTERM");
    for (const child of children) expect(await child.ends(5_000)).toEqual({ code: 0, signal: null });
    expect(mailbox.received.flatMap(({ to }) => to).sort()).toEqual(emails.sort());
    await mailbox.stop();
  });

  test("a killed worker's email is sent once more, as the same email", async () => {
    const smtp = await startScriptedSmtp();
    smtp.script({ at: "dot", does: "silence", keeps: true });
    const port = await freePort();
    const variables = {
      ...productionVariables(backend, { port, database: database.url, smtp: smtp.url }),
      SWEEP_EVERY: "500ms",
    };
    const api = startGuildhallProcess("api", variables);
    const killed = startGuildhallProcess("worker", variables);
    await Promise.all([api.prints(/serving/), killed.prints(/taking jobs/)]);
    const operator = operatorAt(port);
    const email = uniqueEmail();
    await operator.post("/api/invitations", invitationTo(await foundOrganization(operator), email));
    await vi.waitFor(() => expect(smtp.kept).toHaveLength(1), SOON);
    killed.signal("SIGKILL");
    await killed.ends();

    const other = startGuildhallProcess("worker", variables);
    await other.prints(/taking jobs/);
    // The lease runs out.
    expect(await count("update mail_deliveries set due_at = now() where state = 'sending'")).toBe(1);
    const sent = "select from mail_deliveries where state = 'sent'";
    await vi.waitFor(async () => expect(await count(sent)).toBe(1), SOON);
    expect(smtp.kept.map(({ to }) => to)).toEqual([[email], [email]]);
    const [first, second] = smtp.kept.map(({ source }) => /^Message-ID: .*$/im.exec(source)?.[0]);
    expect(first).toContain("<dlv_");
    expect(second).toBe(first);
    await smtp.stop();
  });
});

/** The number of rows a statement finds or changes. */
async function count(sql: string): Promise<number> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query(sql)).rowCount ?? 0;
  } finally {
    await client.end();
  }
}
