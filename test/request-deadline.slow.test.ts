import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createApp } from "../src/app.ts";
import { type RunningServer, serve } from "../src/http/serve.ts";
import { createApi } from "./support/api.ts";
import { buildOrganization, buildPerson, invitationTo, uniqueEmail } from "./support/builders.ts";
import { OPERATOR_TOKEN, useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const HEADERS = { Authorization: `Bearer ${OPERATOR_TOKEN}`, "X-Environment": "acme-test" };
const SOON = { timeout: 20_000, interval: 100 };

const guildhall = useGuildhall();
const servers: RunningServer[] = [];
let organization: string;
beforeAll(async () => {
  organization = (await buildOrganization(guildhall, await buildPerson(guildhall))).id;
});
afterAll(async () => {
  for (const server of servers) await server.stop(1_000);
});

/** The same Guildhall, with so many milliseconds per request. @returns the port. */
async function serveWithin(limit: number): Promise<number> {
  const server = await serve(createApp(guildhall.context, {}, limit), { port: 0, host: "127.0.0.1" });
  servers.push(server);
  return server.port;
}

test("a request that waits too long is a 503 and is not done later", async () => {
  const api = createApi(`http://127.0.0.1:${await serveWithin(1_000)}`, HEADERS);
  const email = uniqueEmail();
  const document = invitationTo(organization, email);
  const key = { "Idempotency-Key": uniqueEmail() };
  const late = await guildhall.db.transaction(async (trx) => {
    await trx("organizations").where({ id: organization }).forUpdate();
    return api.post("/api/invitations", document, key);
  });
  expect(late).toMatchObject(refusal(503, "timeout"));
  expect(late.headers.get("X-Request-Id")).toMatch(/^[\w-]{36}$/);

  const again = await vi.waitFor(async () => {
    const answer = await api.post("/api/invitations", document, key);
    expect(answer.status).toBe(201);
    return answer;
  }, SOON);
  expect(await guildhall.db("invitations").where({ email }).select("id")).toEqual([
    { id: again.body.data.id },
  ]);
});

test("the time it takes to send a body doesn't count", async () => {
  const document = JSON.stringify(invitationTo(organization, uniqueEmail()));
  const sending = request({
    port: await serveWithin(5_000),
    path: "/api/invitations",
    method: "POST",
    headers: {
      ...HEADERS,
      "Content-Type": "application/vnd.api+json",
      "Content-Length": Buffer.byteLength(document),
    },
  });
  const answered = new Promise<number | undefined>((resolve, reject) => {
    sending.once("response", (response) => resolve(response.resume().statusCode)).once("error", reject);
  });
  sending.write(document.slice(0, 10));
  await sleep(6_000);
  sending.end(document.slice(10));
  expect(await answered).toBe(201);
});
