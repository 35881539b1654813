import { pino } from "pino";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { askForToken, basic, buildClient, tokenForm } from "./support/access-tokens.ts";
import { buildEnvironment } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();

beforeAll(async () => {
  await buildEnvironment(guildhall);
});

function newClient(attributes: object) {
  return { data: { type: "api_client", attributes } };
}
function changedClient(id: string, attributes: object) {
  return { data: { type: "api_client", id, attributes } };
}

describe("an operator creating a client", () => {
  test("gets the resource, its secret and its Location", async () => {
    const attributes = { name: "Billing sync", scopes: ["users:read", "invitations:write"] };
    const created = await guildhall.api.post("/api/api-clients", newClient(attributes));
    const { id, links } = created.body.data;

    expect(created.status).toBe(201);
    expect(created.body.data).toMatchObject({
      type: "api_client",
      attributes: { ...attributes, client_id: id, last_used_at: null },
    });
    expect(Buffer.from(created.body.meta.client_secret, "base64url")).toHaveLength(32);
    expect(created.headers.get("Location")).toBe(links.self);
    expect(created.headers.get("Cache-Control")).toBe("no-store");
    const read = await guildhall.api.get(links.self);
    expect(read.body.data).toEqual(created.body.data);
    const listed = await guildhall.api.get("/api/api-clients?filter[name]=Billing%20sync");
    expect(listed.body.data).toEqual([created.body.data]);
  });

  test("stores a repeated scope once", async () => {
    const scopes = ["users:read", "events:read", "users:read"];
    const { body } = await guildhall.api.post("/api/api-clients", newClient({ name: "Twice", scopes }));
    expect(body.data.attributes.scopes).toEqual(["users:read", "events:read"]);
  });

  test.each([
    ["an unknown scope", { name: "A", scopes: ["users:read", "users:fly"] }, "/data/attributes/scopes/1"],
    ["a scope that may only be read", { name: "A", scopes: ["events:write"] }, "/data/attributes/scopes/0"],
    [
      "a scope reserved for the operator",
      { name: "A", scopes: ["api_clients:write"] },
      "/data/attributes/scopes/0",
    ],
    ["a scope that isn't text", { name: "A", scopes: [1] }, "/data/attributes/scopes/0"],
    ["no scope", { name: "A", scopes: [] }, "/data/attributes/scopes"],
    ["scopes that aren't a list", { name: "A", scopes: "users:read" }, "/data/attributes/scopes"],
    ["scopes left out", { name: "A" }, "/data/attributes"],
    ["an empty name", { name: " ", scopes: ["users:read"] }, "/data/attributes/name"],
    [
      "a secret of their own",
      { name: "A", scopes: ["users:read"], secret_hash: "" },
      "/data/attributes/secret_hash",
    ],
  ])("gets a 422 with a pointer for %s", async (_, attributes, pointer) => {
    const answer = await guildhall.api.post("/api/api-clients", newClient(attributes));
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ source: { pointer } }] } });
  });
});

describe("an API client", () => {
  test("can change its name or scopes, and keeps the rest", async () => {
    const { id } = await buildClient(guildhall, ["users:read"]);
    const path = `/api/api-clients/${id}`;

    const renamed = await guildhall.api.patch(path, changedClient(id, { name: "Renamed" }));
    expect(renamed).toMatchObject({
      status: 200,
      body: { data: { attributes: { name: "Renamed", scopes: ["users:read"] } } },
    });
    await guildhall.api.patch(path, changedClient(id, { scopes: ["events:read"] }));
    const { body } = await guildhall.api.get(path);
    expect(body.data.attributes).toMatchObject({ name: "Renamed", scopes: ["events:read"] });
  });

  test("stays unchanged if a new scope is unknown: 422", async () => {
    const { id } = await buildClient(guildhall);
    const path = `/api/api-clients/${id}`;
    const answer = await guildhall.api.patch(path, changedClient(id, { scopes: ["users:fly"] }));
    const pointer = "/data/attributes/scopes/0";
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ source: { pointer } }] } });
    const { body } = await guildhall.api.get(path);
    expect(body.data.attributes.scopes).toEqual(["users:read"]);
  });

  test("is gone once deleted; deleting it again is a 404", async () => {
    const path = `/api/api-clients/${(await buildClient(guildhall)).id}`;
    expect(await guildhall.api.delete(path)).toMatchObject({ status: 204, body: undefined });
    expect(await guildhall.api.get(path)).toMatchObject({ status: 404 });
    expect(await guildhall.api.delete(path)).toMatchObject({ status: 404 });
  });

  test("records its creation, changes and deletion as events", async () => {
    const { id } = await buildClient(guildhall, ["users:read"]);
    await guildhall.api.patch(`/api/api-clients/${id}`, changedClient(id, { scopes: ["events:read"] }));
    await guildhall.api.delete(`/api/api-clients/${id}`);

    const events = await guildhall.db("events").where({ subject_id: id }).orderBy("id");
    expect(events).toMatchObject([
      { type: "api_client.created", actor_kind: "operator", data: { scopes: ["users:read"] } },
      { type: "api_client.updated", data: { changed: ["scopes"], scopes: ["events:read"] } },
      { type: "api_client.deleted", data: {} },
    ]);
  });
});

describe("a client's secret", () => {
  /** Whether any column of any table contains the text, as text or as bytes. */
  async function isAtRest(text: string): Promise<boolean> {
    const { db } = guildhall;
    const tables = await db("pg_tables").whereNotIn("schemaname", ["pg_catalog", "information_schema"]);
    const hex = Buffer.from(text).toString("hex");
    for (const { schemaname, tablename } of tables) {
      const { rows } = await db.raw(
        "select 1 from ??.?? t where position(? in t::text) > 0 or position(? in t::text) > 0 limit 1",
        [schemaname, tablename, text, hex],
      );
      if (rows.length > 0) return true;
    }
    return false;
  }

  test("is shown once, and stored and logged nowhere in clear", async () => {
    const { api, db, context } = guildhall;
    const lines: string[] = [];
    const level = context.log.level;
    context.log.level = "trace";
    vi.spyOn(Reflect.get(context.log, pino.symbols.streamSym), "write").mockImplementation((line) =>
      lines.push(String(line)),
    );
    const client = await buildClient(guildhall, ["users:read"]);
    const form = tokenForm(guildhall);
    const { body: granted } = await askForToken(guildhall, form, { Authorization: basic(client) });
    await askForToken(guildhall, form, { Authorization: basic({ ...client, secret: `${client.secret}x` }) });
    await askForToken(guildhall, tokenForm(guildhall, { client_secret: client.secret }));
    const path = `/api/api-clients/${client.id}`;
    const answers = [
      await api.get(path),
      await api.get("/api/api-clients"),
      await api.patch(path, changedClient(client.id, { name: "Renamed" })),
      await api.get(`${path}?fields[api_client]=secret_hash,client_secret,name`),
    ];
    vi.restoreAllMocks();
    context.log.level = level;

    expect(await isAtRest(client.id)).toBe(true);
    expect(await isAtRest(client.secret)).toBe(false);
    expect(await isAtRest(granted.access_token)).toBe(false);
    const row = await db("api_clients").where({ id: client.id }).first();
    expect(row.secret_hash).toHaveLength(32);
    for (const { status, body } of answers) {
      expect(status).toBe(200);
      expect(JSON.stringify(body.data)).not.toMatch(/secret|hash/);
    }
    expect(lines.join()).toContain("/oauth/token");
    expect(lines.join()).not.toContain(client.secret);
    expect(lines.join()).not.toContain(granted.access_token);
  });
});
