import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { gunzipSync } from "node:zlib";
import Koa from "koa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { answerErrors } from "../src/http/answer-errors.ts";
import { deadline, REQUEST_LIMIT } from "../src/http/deadline.ts";
import { refuseLongHeaders } from "../src/http/safe-headers.ts";
import { type RunningServer, serve } from "../src/http/serve.ts";
import { createLog } from "../src/log.ts";
import { buildOrganization, buildPerson, invite, type Person, uniqueEmail } from "./support/builders.ts";
import { OPERATOR_TOKEN, startGuildhall, useGuildhall } from "./support/guildhall.ts";
import { MAIL_EVENTS_SECRET, tell } from "./support/provider.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall({ settings: { MAIL_EVENTS_SECRET } });
let person: Person;

beforeAll(async () => {
  person = await buildPerson(guildhall);
});

const JSON_API = "application/vnd.api+json";
const portOf = (origin: string) => Number(new URL(origin).port);

/** Opens a connection, sends a text, and keeps what comes back. */
async function open(text: string, port = portOf(guildhall.api.origin)) {
  const socket = connect(port, "127.0.0.1");
  const connection = { socket, received: "", closed: false };
  socket.setEncoding("latin1").on("error", () => {});
  socket.on("data", (chunk) => {
    connection.received += chunk;
  });
  socket.on("close", () => {
    connection.closed = true;
  });
  await once(socket, "connect");
  socket.write(text);
  return connection;
}

/** The head of a request whose body is still to come. */
function head(path: string, length: number, headers: Record<string, string> = {}): string {
  const lines = Object.entries({ Host: "localhost", "X-Environment": "acme-test", ...headers });
  const written = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `POST ${path} HTTP/1.1\r\n${written}Content-Length: ${length}\r\n\r\n`;
}

/** The status of the answer to a request of which only the head was sent. */
async function answerToHead(text: string): Promise<string> {
  const connection = await open(text);
  await expect.poll(() => connection.received, { timeout: 10_000 }).toContain("\r\n\r\n");
  connection.socket.destroy();
  return connection.received.slice(9, 12);
}

describe("a header", () => {
  test.each([
    ["Accept", "/api/roles"],
    ["Content-Type", "/bridge-payment/organizations"],
    ["X-Forwarded-For", "/i/some-token"],
    ["If-None-Match", "/openapi.json"],
  ])("%s is read up to 1,000 characters, and longer ones are a 431", async (name, path) => {
    const answer = (length: number) => guildhall.api.get(path, { [name]: "a".repeat(length) });
    expect((await answer(1_000)).status).not.toBe(431);
    expect((await answer(1_001)).status).toBe(431);
  });

  test("that is too long is named in the refusal", async () => {
    const answer = await guildhall.api.get("/api/roles", { Accept: '\\"'.repeat(5_000) });
    expect(answer).toMatchObject(refusal(431, "header_too_long", { header: "Accept" }));
  });

  test("that is too long is removed before the refusal is rendered", () => {
    const headers = { accept: "a".repeat(1_001), "content-type": "b".repeat(1_001), host: "localhost" };
    const ctx = { headers } as unknown as Parameters<typeof refuseLongHeaders>[0];
    expect(() => refuseLongHeaders(ctx, async () => {})).toThrow("Accept is too long");
    expect(headers).toEqual({ host: "localhost" });
  });
});

describe("a body", () => {
  const attributes = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`attribute-${n}`, n]));
  const organization = (more: object) => ({
    data: { type: "organization", attributes: { name: "Acme", ...more } },
  });

  test("a body with hundreds of unknown attributes gets fifty errors", async () => {
    const answer = await guildhall.api.post("/api/organizations", organization(attributes(900)));
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toHaveLength(50);
    const api = guildhall.api.as(person.token);
    const bridge = await api.post("/bridge-payment/organizations", { name: "Acme", ...attributes(900) });
    expect(bridge).toMatchObject({ status: 422, body: { code: "unknown_field" } });
    expect(bridge.body.fields).toHaveLength(50);
    const query = new URLSearchParams(
      Object.keys(attributes(500)).map((name): [string, string] => [name, ""]),
    );
    const parameters = await guildhall.api.get(`/api/roles?${query}`);
    expect(parameters.status).toBe(400);
    expect(parameters.body.errors).toHaveLength(50);
  });

  test("a body has at most 1,000 keys per object and 4,096 values", async () => {
    const create = (metadata: object) => guildhall.api.post("/api/organizations", organization({ metadata }));
    expect(await create(attributes(1_001))).toMatchObject(refusal(400, "too_many_values"));
    const lists = (items: number) => ({ list: Array.from({ length: items }, () => 1) });
    expect(await create(lists(4_100))).toMatchObject(refusal(400, "too_many_values"));
    // Commas and colons inside a text don't count.
    const text = { text: '",:{['.repeat(1_400) };
    expect((await create(text)).body.errors?.[0].code).not.toBe("too_many_values");
  });

  test("the body of a batch has at most 262,144 values", async () => {
    const rows = Array.from({ length: 262_200 }, () => 1);
    const document = { data: { type: "invitation_batch", attributes: { rows } } };
    const answer = await guildhall.api.post("/api/invitation-batches", document);
    expect(answer).toMatchObject(refusal(400, "too_many_values"));
  });

  test.each([
    ["/api/organizations", JSON_API],
    ["/bridge-payment/organizations", "application/json"],
    ["/api/invitation-batches", "text/csv"],
  ])("a body sent to %s with an unknown session is refused unread", async (path, type) => {
    const session = { "Content-Type": type, "X-Session-ID": "a-session-that-never-was" };
    expect(await answerToHead(head(path, 60_000, session))).toBe("401");
  });

  test("that is long is read from known callers", async () => {
    const api = guildhall.api.as(person.token);
    const document = JSON.stringify(organization({ name: "Long" })).padEnd(60_000);
    expect(await api.post("/api/organizations", document)).toMatchObject({ status: 201 });
  });

  test("a body from a link's holder has at most 8 KiB", async () => {
    const organization = await buildOrganization(guildhall, person);
    const { body } = await invite(guildhall, organization, uniqueEmail());
    const path = `/api/invitations/${body.data.id}/accept`;
    const sized = (bytes: number) => JSON.stringify({ meta: { token: "none" } }).padEnd(bytes);
    const nobody = guildhall.api.as(null);
    expect((await nobody.post(path, sized(8 * 1024))).status).toBe(404);
    expect(await nobody.post(path, sized(8 * 1024 + 1))).toMatchObject(refusal(413, "body_too_large"));
  });

  test("counts once toward the user's limit, whatever its length", async () => {
    const { token } = await buildPerson(guildhall);
    const { id } = await buildOrganization(guildhall, await buildPerson(guildhall));
    const relationships = { organization: { data: { type: "organization", id } } };
    const document = { data: { type: "invitation", attributes: { email: uniqueEmail() }, relationships } };
    const send = () =>
      guildhall.api.as(token).post("/api/invitations", JSON.stringify(document).padEnd(9_000));
    const statuses: number[] = [];
    for (let n = 0; n < 61; n += 1) statuses.push((await send()).status);
    expect(statuses).toEqual([...Array(60).fill(404), 429]);
  });

  test("a long body is a 503 while others use all memory, and short ones are read", async () => {
    const operator = { Authorization: `Bearer ${OPERATOR_TOKEN}`, "Content-Type": JSON_API };
    const text = head("/api/invitation-batches", 4 * 1024 * 1024, operator);
    const held: Socket[] = [];
    for (let n = 0; n < 4; n += 1) held.push((await open(text)).socket);
    await expect.poll(() => answerToHead(text), { timeout: 10_000 }).toBe("503");
    const small = await guildhall.api.post("/api/organizations", organization({}));
    expect(small).toMatchObject({ status: 201 });
    for (const socket of held) socket.destroy();
    const long = () =>
      guildhall.api.post("/api/organizations", JSON.stringify(organization({})).padEnd(60_000));
    await expect.poll(async () => (await long()).status, { timeout: 10_000 }).toBe(201);
  });
});

describe("a provider's report", () => {
  const now = () => String(Math.floor(Date.now() / 1_000));
  const signed = { "webhook-id": "msg_1", "webhook-signature": "v1,AAAA" };

  test("a report without current signature headers is refused unread", async () => {
    expect(await answerToHead(head("/mail-events", 1_000_000))).toBe("401");
    const old = { ...signed, "webhook-timestamp": "1" };
    expect(await answerToHead(head("/mail-events", 1_000_000, old))).toBe("401");
  });

  test("that is long is refused unread after too many wrong ones", async () => {
    const other = await startGuildhall({ settings: { MAIL_EVENTS_SECRET } });
    const wrong = { secret: "another secret of many bytes" };
    for (let n = 0; n < 30; n += 1) await tell(other.api.origin, { events: [] }, wrong);
    const text = head("/mail-events", 1_000_000, { ...signed, "webhook-timestamp": now() });
    const connection = await open(text, portOf(other.api.origin));
    await expect.poll(() => connection.received, { timeout: 10_000 }).toContain("429");
    connection.socket.destroy();
    await other.stop();
  });

  test("a report is a 503 while its address sends eight others", async () => {
    const text = head("/mail-events", 1024 * 1024, { ...signed, "webhook-timestamp": now() });
    const held: Socket[] = [];
    for (let n = 0; n < 8; n += 1) held.push((await open(text)).socket);
    await expect.poll(() => answerToHead(text), { timeout: 10_000 }).toBe("503");
    for (const socket of held) socket.destroy();
    const report = () => tell(guildhall.api.origin, { events: [] });
    await expect.poll(async () => (await report()).status, { timeout: 10_000 }).toBe(202);
  });
});

describe("a connection", () => {
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

  test("gets its answers in order if it pipelines", async () => {
    const connection = await open(`${get("/readyz")}${get("/nothing")}`.repeat(10));
    const statuses = () => connection.received.match(/(?<=HTTP\/1\.1 )\d+/g);
    await expect.poll(statuses, { timeout: 10_000 }).toHaveLength(20);
    expect(statuses()).toEqual(Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? "200" : "404")));
    connection.socket.destroy();
  });

  test("a connection that pipelines hundreds of requests is closed", async () => {
    const connection = await open(get("/readyz").repeat(1_000));
    await expect.poll(() => connection.closed, { timeout: 10_000 }).toBe(true);
    expect(connection.received.match(/HTTP\/1\.1/g)?.length ?? 0).toBeLessThan(1_000);
  });

  test("a connection whose headers take over ten seconds is closed", async () => {
    const openedAt = performance.now();
    const connection = await open("GET /healthz HTTP/1.1\r\nHost: localhost\r\n");
    await expect.poll(() => connection.closed, { timeout: 25_000, interval: 100 }).toBe(true);
    expect(performance.now() - openedAt).toBeLessThan(20_000);
  });
});

describe("a silent connection", () => {
  let server: RunningServer;
  const never = new Promise<never>(() => {});
  const large = Buffer.alloc(50_000_000);

  beforeAll(async () => {
    const app = new Koa();
    app.use(
      answerErrors((ctx, { code }) => Object.assign(ctx, { body: { code } }), createLog("silent", "test")),
    );
    app.use(deadline(REQUEST_LIMIT));
    app.use((ctx) => {
      if (ctx.path === "/never") return never;
      ctx.body = large;
    });
    server = await serve(app, { port: 0, host: "127.0.0.1", silence: 300 });
  });
  afterAll(() => server.stop(100));

  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

  test("a connection that doesn't read its answer is closed", async () => {
    const connection = await open("", server.port);
    connection.socket.pause();
    connection.socket.write(get("/large"));
    // Only reading shows the end, and only a part has been sent so far.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    connection.socket.resume();
    await expect.poll(() => connection.closed, { timeout: 10_000 }).toBe(true);
    expect(connection.received.length).toBeLessThan(large.length);
  });

  test("a connection waiting in silence for its answer gets a 503", async () => {
    const connection = await open(get("/never"), server.port);
    await expect.poll(() => connection.received, { timeout: 10_000 }).toContain('{"code":"timeout"}');
    expect(connection.received).toMatch(/^HTTP\/1\.1 503 .*Retry-After: 2/s);
  });

  test("is closed if its body doesn't come", async () => {
    const connection = await open(head("/never", 1_000), server.port);
    await expect.poll(() => connection.closed, { timeout: 10_000 }).toBe(true);
  });
});

test.each(["/openapi.json", "/docs", "/docs/bridge", "/docs/viewer.js"])(
  "%s is compressed for clients that accept it, with an ETag of its own",
  async (path) => {
    const server = await serve(createApp(guildhall.context), { port: 0, host: "127.0.0.1" });
    const ask = async (accepted: string) => {
      const text = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: ${accepted}\r\nConnection: close\r\n\r\n`;
      const connection = await open(text, server.port);
      await expect.poll(() => connection.closed, { timeout: 10_000 }).toBe(true);
      const [headers = "", ...body] = connection.received.split("\r\n\r\n");
      return {
        headers,
        tag: /^ETag: (.*)$/m.exec(headers)?.[1],
        body: Buffer.from(body.join("\r\n\r\n"), "latin1"),
      };
    };
    const [plain, zipped] = [await ask("identity"), await ask("gzip, br")];
    expect(plain.headers).not.toContain("Content-Encoding");
    expect(zipped.headers).toContain("Content-Encoding: gzip");
    expect(zipped.headers).toMatch(/^Vary: .*Accept-Encoding/m);
    expect(gunzipSync(zipped.body).equals(plain.body)).toBe(true);
    expect(zipped.body.length * 2).toBeLessThan(plain.body.length);
    expect(zipped.tag).not.toBe(plain.tag);
    await server.stop(100);
  },
);
