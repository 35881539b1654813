import { once } from "node:events";
import { Agent, get, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { json } from "node:stream/consumers";
import pg from "pg";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { freePort } from "../src/local/free-port.ts";
import { type Api, createApi } from "./support/api.ts";
import { invitationTo, uniqueEmail } from "./support/builders.ts";
import { OPERATOR_TOKEN } from "./support/guildhall.ts";
import { type Child, cleanUpProcesses, newDataDirectory, startGuildhallProcess } from "./support/process.ts";
import { type ScriptedSmtp, startScriptedSmtp } from "./support/scripted-smtp.ts";
import { createTestDatabase, type TestDatabase } from "./support/test-database.ts";

vi.setConfig({ testTimeout: 120_000 });

let database: TestDatabase;
let smtp: ScriptedSmtp;
beforeEach(async () => {
  database = await createTestDatabase();
  smtp = await startScriptedSmtp();
});
afterEach(async () => {
  await cleanUpProcesses();
  await smtp.stop();
  await database.drop();
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "at %s, current requests and emails are finished, and no new ones begun",
  async (signal) => {
    const { guildhall, api, organization } = await start();
    let giveVerdict = () => {};
    const verdict = new Promise<void>((resolve) => {
      giveVerdict = resolve;
    });
    smtp.script({ at: "dot", does: verdict, keeps: true });
    const email = uniqueEmail();
    await api.post("/api/invitations", invitationTo(organization, email));
    await vi.waitFor(async () => expect(await deliveryStates()).toEqual(["sending"]), 10_000);

    const { send, answer } = await beginRequest(api, invitationTo(organization, uniqueEmail()));
    guildhall.signal(signal);
    await guildhall.prints(/stopping/);
    await vi.waitFor(() => expect(fetch(`${api.origin}/healthz`)).rejects.toThrow(), 10_000);
    send();
    expect((await answer).statusCode).toBe(201);
    giveVerdict();
    expect(await guildhall.ends(10_000)).toEqual({ code: 0, signal: null });

    expect(smtp.kept.filter(({ to }) => to.includes(email))).toHaveLength(1);
    expect(await deliveryStates()).toContain("sent");
    expect(await deliveryStates()).not.toContain("sending");
  },
);

test("idle connections don't delay stopping", async () => {
  const { guildhall, api } = await start();
  const keptAlive = get(`${api.origin}/healthz`, { agent: new Agent({ keepAlive: true }) });
  const [answer] = await once(keptAlive, "response");
  await json(answer);
  const { port } = new URL(api.origin);
  const silent = connect(Number(port), "127.0.0.1").on("error", () => {});
  const hesitant = connect(Number(port), "127.0.0.1").on("error", () => {});
  hesitant.write("GET /healthz HTTP/1.1\r\nHost:");
  await Promise.all([once(silent, "connect"), once(hesitant, "connect")]);

  guildhall.signal("SIGTERM");
  expect(await guildhall.ends(5_000)).toEqual({ code: 0, signal: null });
});

test("a process that waits for its database stops at once", async () => {
  const nobody = `postgres://guildhall@127.0.0.1:${await freePort()}/guildhall`;
  const { guildhall } = await spawn({ DATABASE_URL: nobody });
  await guildhall.prints(/waiting for the database/);
  guildhall.signal("SIGTERM");
  expect(await guildhall.ends(5_000)).toEqual({ code: 0, signal: null });
});

async function spawn(variables: Record<string, string> = {}): Promise<{ guildhall: Child; api: Api }> {
  const PORT = String(await freePort());
  const guildhall = startGuildhallProcess("all", {
    PORT,
    DATA_DIR: await newDataDirectory(),
    DATABASE_URL: database.url,
    SMTP_URL: smtp.url,
    ADMIN_TOKEN: OPERATOR_TOKEN,
    ...variables,
  });
  const headers = { Authorization: `Bearer ${OPERATOR_TOKEN}`, "X-Environment": "acme-test" };
  return { guildhall, api: createApi(`http://127.0.0.1:${PORT}`, headers) };
}

/** A running service, with the id of the organization that exists from the start. */
async function start(): Promise<{ guildhall: Child; api: Api; organization: string }> {
  const { guildhall, api } = await spawn();
  await guildhall.prints(/Guildhall is ready/);
  const organizations = await api.get("/api/organizations");
  return { guildhall, api, organization: organizations.body.data[0].id };
}

/** A request that the server has begun to read and whose body it waits for. */
async function beginRequest(
  { origin }: Api,
  document: object,
): Promise<{ send(): void; answer: Promise<IncomingMessage> }> {
  const body = JSON.stringify(document);
  const outgoing = request(`${origin}/api/invitations`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${OPERATOR_TOKEN}`,
      "X-Environment": "acme-test",
      "Content-Type": "application/vnd.api+json",
      "Content-Length": Buffer.byteLength(body),
      Expect: "100-continue",
    },
  });
  const answer = once(outgoing, "response").then(([response]) => response);
  outgoing.flushHeaders();
  await once(outgoing, "continue");
  return { send: () => void outgoing.end(body), answer };
}

async function deliveryStates(): Promise<string[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    const { rows } = await client.query("select state from mail_deliveries order by state");
    return rows.map(({ state }) => state);
  } finally {
    await client.end();
  }
}
