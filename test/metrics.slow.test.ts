import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import type { Knex } from "knex";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import type { Settings } from "../src/config/variables.ts";
import { openDatabase } from "../src/db/connection.ts";
import { serve } from "../src/http/serve.ts";
import { earliestId, newId } from "../src/lib/id.ts";
import { packageRoot } from "../src/lib/package-root.ts";
import type { Organization } from "../src/models/organization.ts";
import { sendBatch } from "./support/batches.ts";
import { buildOrganization, buildPerson, uniqueEmail } from "./support/builders.ts";
import { startGate } from "./support/gate.ts";
import { OPERATOR_TOKEN, useGuildhall } from "./support/guildhall.ts";
import { answerByLink, expiresIn, invited, linkToken, sendDue } from "./support/invitations.ts";
import { type Metrics, parseMetrics } from "./support/parse-metrics.ts";

const COUNT = "guildhall_http_request_duration_seconds_count";
const METRICS_TOKEN = "the-token-of-whoever-reads-metrics";

const guildhall = useGuildhall({ fresh: true });
let organization: Organization;

beforeAll(async () => {
  organization = await buildOrganization(guildhall, await buildPerson(guildhall));
});

const scrape = () => scrapeAt(guildhall.api.origin);

/** Another process on the same rows, for as long as `use` takes: it has read and counted nothing yet. */
async function beside<Result>(
  use: (origin: string) => Promise<Result>,
  { db = guildhall.db, ...settings }: Partial<Settings> & { db?: Knex } = {},
): Promise<Result> {
  const context = { ...guildhall.context, db, settings: { ...guildhall.settings, ...settings } };
  const server = await serve(createApp(context), { port: 0, host: "127.0.0.1" });
  return use(`http://127.0.0.1:${server.port}`).finally(() => server.stop(1_000));
}

async function scrapeAt(origin: string): Promise<Metrics> {
  const answer = await fetch(`${origin}/metrics`);
  expect(answer.status).toBe(200);
  return parseMetrics(await answer.text());
}

const scrapeBeside = () => beside(scrapeAt);

test("metrics are uncached Prometheus text with HELP and TYPE for everything", async () => {
  const { status, headers, body } = await guildhall.api.get("/metrics");
  expect(status).toBe(200);
  expect(headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(headers.get("Cache-Control")).toBe("no-store");
  const { types, samples } = parseMetrics(body);
  for (const name of ["nodejs_eventloop_lag_p99_seconds", "process_resident_memory_bytes"])
    expect(types.get(name)).toBe("gauge");
  expect([...types.keys()].filter((name) => name.startsWith("guildhall_")).sort()).toEqual([
    "guildhall_build_info",
    "guildhall_database_connections",
    "guildhall_database_pending_acquires",
    "guildhall_database_up",
    "guildhall_deliveries_due",
    "guildhall_deliveries_last_hour",
    "guildhall_events_last_hour",
    "guildhall_http_request_duration_seconds",
    "guildhall_http_requests_in_flight",
    "guildhall_invitation_batches_unfinished",
    "guildhall_invitations_overdue",
    "guildhall_oldest_due_delivery_seconds",
    "guildhall_organization_deletions_unfinished",
  ]);
  expect(samples.length).toBeGreaterThan(50);
});

test("metrics include the running version", async () => {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"));
  expect((await scrape()).find("guildhall_build_info")).toMatchObject([{ labels: { version }, value: 1 }]);
});

describe("metrics of requests", () => {
  test("count each by its declared route, never by id", async () => {
    const { id } = await invited(guildhall, organization);
    const { api } = guildhall;
    const answers = [
      await api.get(`/api/invitations/${id}`),
      await api.get(`/API/Invitations/${id}/?include=organization`),
      await api.get("/api/invitations/inv_unknown"),
      await api.as(null).get(`/api/invitations/${id}`),
      await api.as(null).post(`/invitations/${id}/accept`, { meta: { token: "guess" } }),
      await api.get(`/bridge-payment/organizations/${organization.id}`),
      await fetch(`${api.origin}/i/${linkToken(guildhall, id)}`, { redirect: "manual" }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 401, 404, 403, 303]);

    const metrics = await scrape();
    const count = (method: string, route: string, status: string) =>
      metrics.value(COUNT, { method, route, status });
    expect(count("GET", "/api/invitations/:id", "200")).toBe(2);
    expect(count("GET", "/api/invitations/:id", "404")).toBe(1);
    expect(count("GET", "/api/invitations/:id", "401")).toBe(1);
    expect(count("POST", "/invitations/:id/accept", "404")).toBe(1);
    expect(count("GET", "/bridge-payment/organizations/:id", "403")).toBe(1);
    expect(count("GET", "/i/:token", "303")).toBe(1);
  });

  test("have one label for unknown paths and one for unknown methods", async () => {
    const ask = (path: string, method: string) => fetch(guildhall.api.origin + path, { method });
    const paths = ["/wp-login.php", "/api/", "/api/toString", "/%zz", "/a/b/c", "/metrics/", "/__proto__"];
    for (const path of paths) await ask(path, "GET");
    for (let n = 0; n < 20; n += 1) await ask(`/api/unknown-${n}/${n}`, "POST");
    for (const method of ["PROPFIND", "PURGE", "LINK"]) await ask("/api/invitations", method);

    const counted = (await scrape()).find(COUNT).map(({ labels }) => labels);
    const declared = /^(\/|\/[a-z.][a-z-]*(\/(:?[a-z-]+))*|\/openapi\.json)$/;
    for (const { route, method } of counted) {
      if (route !== "other") expect(route).toMatch(declared);
      expect(method).toMatch(/^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|other)$/);
    }
    expect(counted.filter(({ route, method }) => route === "other" && method === "POST")).toHaveLength(1);
    expect(counted.filter(({ method }) => method === "other")).toHaveLength(1);
  });

  test("count a scrape like any other request", async () => {
    await beside(async (origin) => {
      const seen = async () => {
        return (await scrapeAt(origin)).value(COUNT, { method: "GET", route: "/metrics", status: "200" });
      };
      expect([await seen(), await seen(), await seen()]).toEqual([undefined, 1, 2]);
    });
  });

  test("include the number in progress", async () => {
    const IN_FLIGHT = "guildhall_http_requests_in_flight";
    const headers = { "Content-Type": "application/vnd.api+json", Authorization: `Bearer ${OPERATOR_TOKEN}` };
    const slow = request(`${guildhall.api.origin}/api/users`, { method: "POST", headers });
    slow.on("error", () => {});
    slow.write("{");
    await expect.poll(async () => (await scrape()).value(IN_FLIGHT)).toBe(2);
    slow.destroy();
    await expect.poll(async () => (await scrape()).value(IN_FLIGHT)).toBe(1);
  });
});

describe("metrics of waiting work", () => {
  beforeEach(async () => {
    await guildhall.db("mail_deliveries").update({ due_at: null });
  });

  test("count the emails that are due, and the age of the oldest", async () => {
    const due = async (seconds: number) => {
      const { id } = await invited(guildhall, organization);
      const due_at = guildhall.db.raw("now() - make_interval(secs => ?)", [seconds]);
      await guildhall.db("mail_deliveries").where({ invitation_id: id }).update({ due_at });
    };
    const nothing = await scrapeBeside();
    expect(nothing.value("guildhall_deliveries_due")).toBe(0);
    expect(nothing.value("guildhall_oldest_due_delivery_seconds")).toBe(0);

    for (const seconds of [5, 90, -600]) await due(seconds);
    const waiting = await scrapeBeside();
    expect(waiting.value("guildhall_deliveries_due")).toBe(2);
    expect(waiting.value("guildhall_oldest_due_delivery_seconds")).toBeGreaterThanOrEqual(90);
    expect(waiting.value("guildhall_oldest_due_delivery_seconds")).toBeLessThan(120);
  });

  test("count overdue invitations until they are recorded", async () => {
    const overdue = async () => (await scrapeBeside()).value("guildhall_invitations_overdue");
    const { id } = await invited(guildhall, organization);
    expect(await overdue()).toBe(0);
    await expiresIn(guildhall, id, -1);
    expect(await overdue()).toBe(1);
    await guildhall.db("invitations").where({ id }).update({ status: "expired", expired_at: new Date() });
    expect(await overdue()).toBe(0);
  });

  test("count unfinished batches and deletions", async () => {
    const { api } = guildhall;
    const leaving = await buildOrganization(guildhall, await buildPerson(guildhall));
    await sendBatch(api, organization, [{ email: uniqueEmail() }]);
    await api.delete(`/api/organizations/${leaving.id}`);
    const begun = await scrapeBeside();
    expect(begun.value("guildhall_invitation_batches_unfinished")).toBe(1);
    expect(begun.value("guildhall_organization_deletions_unfinished")).toBe(1);

    const now = new Date();
    await guildhall.db("invitation_batches").update({ status: "completed", completed_at: now });
    await guildhall.db("organization_deletions").update({ state: "completed", completed_at: now });
    const done = await scrapeBeside();
    expect(done.value("guildhall_invitation_batches_unfinished")).toBe(0);
    expect(done.value("guildhall_organization_deletions_unfinished")).toBe(0);
  });
});

describe("metrics of the last hour", () => {
  const MINUTE = 60_000;
  const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE);

  test("count events by type, and show 0 if nobody answered", async () => {
    const type = "invitation.accepted";
    const before = await scrapeBeside();
    expect(before.value("guildhall_events_last_hour", { type })).toBe(0);
    expect(before.value("guildhall_events_last_hour", { type: "user.deleted" })).toBeUndefined();

    const { environment_id, id: subject_id } = organization;
    const event = (minutes: number) => ({
      id: earliestId("evt", ago(minutes)),
      created_at: ago(minutes),
      environment_id,
      type,
      actor_kind: "system",
      subject_id,
    });
    await guildhall.db("events").insert([61, 600, 1_000_000].map(event));
    await guildhall.db("events").insert([59, 1].map(event));
    const { id } = await invited(guildhall, organization);
    await answerByLink(guildhall, { id }, "accept");
    expect((await scrapeBeside()).value("guildhall_events_last_hour", { type })).toBe(3);
  });

  test("count emails by kind and state", async () => {
    const count = async (state: string) =>
      (await scrapeBeside()).value("guildhall_deliveries_last_hour", { state, kind: "invitation" }) ?? 0;
    const { id } = await invited(guildhall, organization);
    const [pending, sent] = [await count("pending"), await count("sent")];
    await guildhall.db("mail_deliveries").update({ due_at: null });
    await guildhall
      .db("mail_deliveries")
      .where({ invitation_id: id })
      .update({ due_at: ago(0) });
    await sendDue(guildhall);
    expect([await count("pending"), await count("sent")]).toEqual([pending - 1, sent + 1]);

    await guildhall
      .db("mail_deliveries")
      .where({ invitation_id: id })
      .update({ id: earliestId("dlv", ago(61)) });
    expect(await count("sent")).toBe(sent);
  });
});

describe("metrics of the database", () => {
  interface Asked {
    sql: string;
    bindings?: string[];
  }

  /** The queries during `work`, without transactions and their settings. */
  async function askedBy(work: () => Promise<unknown>): Promise<Asked[]> {
    const asked: Asked[] = [];
    const listen = ({ sql, bindings }: Asked) => void asked.push({ sql, bindings });
    guildhall.db.on("query", listen);
    await work().finally(() => guildhall.db.off("query", listen));
    return asked.filter(({ sql }) => sql.includes("select"));
  }

  test("are queried once for scrapes at about the same time", async () => {
    const asked = await askedBy(() =>
      beside(async (origin) => {
        const scrapes = () => Promise.all(Array.from({ length: 30 }, () => fetch(`${origin}/metrics`)));
        for (const answer of [...(await scrapes()), ...(await scrapes())]) expect(answer.status).toBe(200);
      }),
    );
    expect(asked).toHaveLength(3);
  });

  test("are read by indexes over what waits and the last hour", async () => {
    const asked = await askedBy(scrapeBeside);
    const trx = await guildhall.db.transaction();
    await addHistory(trx);
    const used: string[] = [];
    for (const { sql, bindings = [] } of asked) {
      const { rows } = await trx.raw(`explain ${sql.replace("$1", `'${bindings[0]}'`)}`);
      const plan = rows.map((row: Record<string, string>) => row["QUERY PLAN"]).join("\n");
      expect(plan).not.toMatch(/Seq Scan|Filter/);
      used.push(...[...plan.matchAll(/(?:using|Bitmap Index Scan on) (\w+)/g)].map(([, name = ""]) => name));
    }
    await trx.rollback();
    expect([...new Set(used)].sort()).toEqual([
      "events_pkey",
      "invitation_batches_unfinished_index",
      "invitations_expiry_index",
      "mail_deliveries_due_index",
      "mail_deliveries_pkey",
      "organization_deletions_unfinished_index",
    ]);
  });

  /** A thousand events, invitations and emails; half of them old. */
  async function addHistory(trx: Knex.Transaction): Promise<void> {
    const { environment_id, id: organization_id } = organization;
    const times = (count: number) => Array.from({ length: count }, (_, n) => n);
    const age = (n: number) => new Date(Date.now() - (n % 2) * 1e9);
    const idOf = (prefix: "evt" | "inv" | "dlv", n: number) => {
      const id = newId(prefix);
      return earliestId(prefix, age(n)).slice(0, 14) + id.slice(14);
    };
    const invitations = times(1_000).map((n) => ({
      id: idOf("inv", n),
      environment_id,
      organization_id,
      email: `${n}@many.example`,
      email_canonical: `${n}@many.example`,
      expires_at: new Date(Date.now() + 1e9),
      ...(n % 4 < 2 ? {} : { status: "revoked", revoked_at: new Date() }),
    }));
    await trx.batchInsert("invitations", invitations, 500);
    const about = { environment_id, type: "invitation.created", actor_kind: "system" };
    const events = invitations.map(({ id }, n) => ({ id: idOf("evt", n), subject_id: id, ...about }));
    await trx.batchInsert("events", events, 500);
    const deliveries = invitations.map(({ id, email, email_canonical }, n) => ({
      id: idOf("dlv", n),
      environment_id,
      invitation_id: id,
      kind: "invitation",
      email,
      email_canonical,
      state: "sent",
      due_at: null,
    }));
    await trx.batchInsert("mail_deliveries", deliveries, 500);
  }

  test("omit a query that takes too long, and keep the rest", async () => {
    const trx = await guildhall.db.transaction();
    await trx.raw("lock table events in access exclusive mode");
    const metrics = await scrapeBeside().finally(() => trx.rollback());
    expect(metrics.find("guildhall_events_last_hour")).toEqual([]);
    expect(metrics.value("guildhall_database_up")).toBe(1);
    expect(metrics.value("guildhall_deliveries_due")).toBeGreaterThanOrEqual(0);
  });

  test("count connections in use and callers waiting for one", async () => {
    const metrics = await beside(async (origin) => {
      const held = await Promise.all(Array.from({ length: 10 }, () => guildhall.db.transaction()));
      const waiting = guildhall.db.raw("select 1").catch(() => {});
      const busy = await scrapeAt(origin);
      await Promise.all(held.map((trx) => trx.rollback()));
      await waiting;
      return busy;
    });
    expect(metrics.value("guildhall_database_connections", { state: "used" })).toBe(10);
    expect(metrics.value("guildhall_database_connections", { state: "free" })).toBe(0);
    expect(metrics.value("guildhall_database_pending_acquires")).toBe(1);
  });

  test("are omitted while it is down, and complete afterwards", async () => {
    const gate = await startGate(guildhall.settings.DATABASE_URL);
    const db = openDatabase({ url: gate.url, poolSize: 2, name: "behind-a-gate" });
    await gate.shut();
    await beside(
      async (origin) => {
        const away = await scrapeAt(origin);
        expect(away.value("guildhall_database_up")).toBe(0);
        for (const name of ["guildhall_deliveries_due", "guildhall_events_last_hour"])
          expect(away.find(name)).toEqual([]);
        expect(away.value("process_resident_memory_bytes")).toBeGreaterThan(0);

        await gate.open();
        const up = async () => (await scrapeAt(origin)).value("guildhall_database_up");
        await expect.poll(up, { timeout: 20_000, interval: 500 }).toBe(1);
        expect((await scrapeAt(origin)).value("guildhall_deliveries_due")).toBeGreaterThanOrEqual(0);
      },
      { db },
    );
    await db.destroy();
    await gate.shut();
  });
});

test("no metric contains an id, address, name or host", async () => {
  const canary = "canary";
  const owner = await buildPerson(guildhall, {
    environment: `${canary}-environment`,
    email: `${canary}@${canary}.example`,
    first_name: canary,
  });
  const { id, environment_id } = await buildOrganization(guildhall, owner, { name: `${canary} Corp` });
  const api = guildhall.api.in(`${canary}-environment`);
  const invitation = await invited(
    guildhall,
    { id },
    { by: api, email: `invited@${canary}.example`, message: canary },
  );
  await answerByLink(guildhall, invitation, "decline");
  await api.get(`/api/${canary}/${id}?filter[${canary}]=${canary}`);
  await api.get(`/api/users/${owner.user.id}`, { "User-Agent": canary, "X-Device-ID": canary });
  await api.as(owner.token).get(`/bridge-payment/organizations/${id}/members?search=${canary}`);
  await fetch(`${api.origin}/i/${canary}`, { redirect: "manual" });
  await new Promise((resolve, reject) => {
    const headers = { Host: `${canary}-environment.${canary}.example` };
    request(`${api.origin}/api/invitations`, { headers }, (answer) => answer.resume().once("end", resolve))
      .once("error", reject)
      .end();
  });
  await sendDue(guildhall);

  const text = await beside(async (origin) => (await fetch(`${origin}/metrics`)).text());
  const own: string = (await guildhall.api.get("/metrics")).body;
  for (const shown of [text, own]) {
    expect(shown).not.toMatch(/canary|@|example|127\.0\.0\.1|localhost|[a-z]_[0-9a-z]{26}/i);
    for (const secret of [owner.token, environment_id, OPERATOR_TOKEN, guildhall.settings.DATABASE_URL])
      expect(shown).not.toContain(secret);
  }
  const labels = new Set(parseMetrics(own).samples.flatMap((sample) => Object.keys(sample.labels)));
  const about = [
    "kind",
    "le",
    "major",
    "method",
    "minor",
    "patch",
    "route",
    "space",
    "state",
    "status",
    "type",
    "version",
  ];
  expect([...labels].sort()).toEqual(about);
});

describe("access to metrics", () => {
  const production = true;

  function ask(origin: string, token?: string, init: RequestInit = {}): Promise<Response> {
    const headers = token === undefined ? [] : [["Authorization", `Bearer ${token}`] as [string, string]];
    return fetch(`${origin}/metrics`, { ...init, headers });
  }

  /** The status for each of these tokens. */
  function statusesFor(settings: Partial<Settings>, tokens: Array<string | undefined>): Promise<number[]> {
    return beside(
      (origin) => Promise.all(tokens.map(async (token) => (await ask(origin, token)).status)),
      settings,
    );
  }

  test.each([{ METRICS_TOKEN }, { METRICS_TOKEN, production }])(
    "with a token set is for its holder and the operator: %j",
    async (settings) => {
      const { token } = await buildPerson(guildhall);
      const wrong = [
        `${METRICS_TOKEN}x`,
        METRICS_TOKEN.slice(1),
        METRICS_TOKEN.toUpperCase(),
        token,
        "",
        undefined,
      ];
      expect(await statusesFor(settings, [METRICS_TOKEN, OPERATOR_TOKEN])).toEqual([200, 200]);
      expect(await statusesFor(settings, wrong)).toEqual(wrong.map(() => 401));
    },
  );

  test("in production without a token is for the operator only", async () => {
    const statuses = await statusesFor({ production }, [OPERATOR_TOKEN, METRICS_TOKEN, undefined]);
    expect(statuses).toEqual([200, 401, 401]);
  });

  test("in development without a token is open", async () => {
    expect(await statusesFor({}, [OPERATOR_TOKEN, METRICS_TOKEN, undefined])).toEqual([200, 200, 200]);
  });

  test("that is refused says what to send and reveals nothing", async () => {
    const answer = await beside((origin) => ask(origin), { production });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("WWW-Authenticate")).toBe('Bearer realm="guildhall"');
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ errors: [{ status: "401", code: "unauthorized" }] });
    expect(text).toContain("METRICS_TOKEN");
    expect(text).not.toContain("guildhall_");
  });

  test("with the metrics token opens nothing else", async () => {
    const headers = { Authorization: `Bearer ${METRICS_TOKEN}`, "X-Environment": "acme-test" };
    const answer = await beside((origin) => fetch(`${origin}/api/environments`, { headers }), {
      METRICS_TOKEN,
    });
    expect(answer.status).toBe(401);
  });

  test("is read-only", async () => {
    await beside(async (origin) => {
      const head = await ask(origin, undefined, { method: "HEAD" });
      expect([head.status, await head.text()]).toEqual([200, ""]);
      const post = await ask(origin, undefined, { method: "POST" });
      expect([post.status, post.headers.get("Allow")]).toEqual([405, "HEAD, GET"]);
    });
  });
});
