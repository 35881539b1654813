import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { openDatabase } from "../src/db/connection.ts";
import { newId } from "../src/lib/id.ts";
import { requestText, sampleAtPace } from "./http-load.ts";
import { quantile } from "./measure.ts";
import { ADMIN_TOKEN, productionVariables } from "./service.ts";
import { type Database, openStage } from "./stage.ts";

/**
 * Attacks a real API process in several ways and reports what others notice: how long `/healthz` takes, and
 * how much memory the process holds. Needs a build; a run takes about two minutes. Exits with 1 when a bound is broken.
 */
const SECONDS = 7;
/** Milliseconds, the 99th percentile of `/healthz`. */
const SLOWEST = 250;
/** Bytes resident. */
const LARGEST = 400 * 1024 ** 2;

/** All an attacker knows: the session of someone who signed up. */
interface Target {
  port: number;
  token: string;
}

const JSON_API = "application/vnd.api+json";
const QUOTES = '\\"'.repeat(7_500);
const HOST = { "X-Environment": "acme-test" };
const attributes = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`attribute-${n}`, n]));
const resource = (type: string, count: number) => ({ data: { type, attributes: attributes(count) } });
const typed = (token: string) => ({ ...HOST, "X-Session-ID": token, "Content-Type": JSON_API });

const ATTACKS: Record<string, (target: Target) => void> = {
  "no attack": () => {},
  "Accept of 15 kB of escaped quotes": ({ port, token }) =>
    flood(port, 4, requestText("GET", "/api/roles", { ...typed(token), Accept: QUOTES })),
  "Content-Type of 15 kB of escaped quotes": ({ port }) =>
    flood(
      port,
      4,
      requestText("POST", "/oauth/token", { ...HOST, "Content-Type": QUOTES, "Content-Length": "0" }),
    ),
  "roles among many memberships, 12 at once": ({ port, token }) =>
    flood(port, 12, requestText("GET", "/api/roles", typed(token))),
  "large metadata by include, 5 at once": ({ port }) =>
    flood(
      port,
      5,
      requestText("GET", "/api/memberships?include=organization&page[size]=100", {
        ...HOST,
        Authorization: `Bearer ${ADMIN_TOKEN}`,
      }),
    ),
  "250,000 unknown attributes": ({ port, token }) =>
    flood(
      port,
      2,
      requestText("POST", "/api/invitation-batches", typed(token), resource("invitation_batch", 250_000)),
    ),
  "60 kB of attributes with a made-up session": ({ port }) =>
    flood(
      port,
      8,
      requestText("POST", "/api/organizations", typed("never-was"), resource("organization", 2_800)),
    ),
  "marks out of order in 60 kB of a Bridge body": ({ port, token }) =>
    flood(
      port,
      4,
      requestText(
        "POST",
        "/bridge-payment/organizations",
        { ...typed(token), "Content-Type": "application/json" },
        { name: `a${"\u0301".repeat(14_000)}${"\u0316".repeat(14_000)}` },
      ),
    ),
  "1,000 reports of 1 MB that never end": ({ port }) =>
    hold(port, 1_000, () => {
      const signed = {
        "webhook-id": "msg_1",
        "webhook-timestamp": String(Math.floor(Date.now() / 1_000)),
        "webhook-signature": "v1,AAAA",
      };
      const head = requestText("POST", "/mail-events", { ...signed, "Content-Length": "1000000" });
      return head + "x".repeat(900_000);
    }),
  "300 readers who ask for 32 documents and take none": ({ port }) =>
    hold(port, 300, () => requestText("GET", "/openapi.json", {}).repeat(32)),
  "300 readers who ask for 100 documents and take none": ({ port }) =>
    hold(port, 300, () => requestText("GET", "/openapi.json", {}).repeat(100)),
  "1,000 connections whose headers never end": ({ port }) =>
    hold(port, 1_000, () => "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"),
};

/** Repeats a request, each as soon as anything comes back, and reconnects when cut off. */
function flood(port: number, connections: number, request: string): void {
  const begin = () => {
    const socket = connect(port, "127.0.0.1", () => socket.write(request));
    let tail = "";
    socket.setEncoding("latin1").on("error", () => {});
    socket.on("data", (chunk) => {
      tail = (tail + chunk).slice(-5);
      // The end of a document, of an empty chunk, or of headers: near enough to an answer's end.
      if (/[}\n]$/.test(tail)) socket.write(request);
    });
    socket.on("close", () => setTimeout(begin, 5));
  };
  for (let n = 0; n < connections; n += 1) begin();
}

/** Opens connections, sends, and reads nothing. */
function hold(port: number, connections: number, text: () => string): void {
  const begin = () => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text()));
    socket.pause();
    socket.on("error", () => {});
    socket.on("close", () => setTimeout(begin, 1_000));
  };
  for (let n = 0; n < connections; n += 1) begin();
}

/** Everyone is a member of many organizations, each with the maximum of metadata. */
async function populate({ url, organizationIds }: Database): Promise<void> {
  const db = openDatabase({ url, poolSize: 1, name: "bench", statementTimeout: 0 });
  const { id: environment_id } = await db("environments").first("id");
  const users = Array.from({ length: 400 }, (_, n) => {
    const email = `member-${n}@example.com`;
    return { id: newId("user"), environment_id, email, email_canonical: email };
  });
  await db("users").insert(users);
  for (const organization_id of organizationIds) {
    const rows = users.map(({ id: user_id }) => ({
      id: newId("orguser"),
      environment_id,
      organization_id,
      user_id,
    }));
    await db("memberships").insert(rows);
  }
  for (const bytes of [60_000, 7_000]) {
    const metadata = JSON.stringify({ note: "x".repeat(bytes) });
    const written = db("organizations").update({ metadata });
    if (await written.then(() => true).catch(() => false)) break;
  }
  await db.raw("analyze");
  await db.destroy();
}

async function signUp(port: number): Promise<string> {
  const create = async (path: string, data: object) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      headers: { ...HOST, Authorization: `Bearer ${ADMIN_TOKEN}`, "Content-Type": JSON_API },
      body: JSON.stringify({ data }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return (await answer.json()) as { data: { id: string }; meta: { token: string } };
  };
  const user = await create("/api/users", { type: "user", attributes: { email: "eve@example.com" } });
  const relationships = { user: { data: { type: "user", id: user.data.id } } };
  return (await create("/api/sessions", { type: "session", relationships })).meta.token;
}

function residentBytes(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kibibytes) * 1024;
}

function* healthChecks(): Iterator<string> {
  for (;;) yield requestText("GET", "/healthz", {});
}

async function main(): Promise<boolean> {
  const stage = await openStage();
  try {
    const database = await stage.createDatabase("attacked");
    await populate(database);
    const { port, child } = await stage.startApi({
      ...productionVariables(database, "smtp://127.0.0.1:9"),
      REDIS_URL: stage.redisUrl ?? "",
      MAIL_EVENTS_SECRET: "a-plain-secret-of-many-bytes",
      LOG_LEVEL: "error",
    });
    const token = await signUp(port);
    let held = true;
    for (const name of Object.keys(ATTACKS)) {
      const target: Target = { port, token };
      const attacker = fork(import.meta.filename, [name, JSON.stringify(target)]);
      await sleep(500);
      const until = performance.now() + SECONDS * 1_000;
      let peak = 0;
      const watch = setInterval(() => {
        peak = Math.max(peak, residentBytes(child.pid ?? 0));
      }, 100);
      const stopped = () => performance.now() > until;
      const latencies = await sampleAtPace(port, healthChecks(), { connections: 4, perSecond: 20, stopped })
        .catch((error) => [Number.POSITIVE_INFINITY, error].slice(0, 1) as number[])
        .finally(() => clearInterval(watch));
      attacker.kill("SIGKILL");
      const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)];
      const passes = p99 < SLOWEST && peak < LARGEST;
      held &&= passes;
      const told = `p50 ${p50.toFixed(1)} ms  p99 ${p99.toFixed(1)} ms  RSS ${Math.round(peak / 1024 ** 2)} MiB`;
      console.log(`${passes ? "pass" : "FAIL"}  ${name.padEnd(54)} ${told}`);
      await sleep(1_000);
    }
    return held;
  } finally {
    await stage.close();
  }
}

const [, , attack, target] = process.argv;
if (attack === undefined || target === undefined) process.exitCode = (await main()) ? 0 : 1;
else ATTACKS[attack]?.(JSON.parse(target));
