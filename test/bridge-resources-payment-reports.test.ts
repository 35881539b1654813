import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import type { Api } from "./support/api.ts";
import { buildTeam, create, no, PAYMENT_METHODS, PAYMENTS, type Team } from "./support/bridge-team.ts";
import { useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();
let team: Team;
let owner: Api;
/** Programs that may report; the second has an access token. */
let programs: Api[];
let scopeless: Api;

beforeAll(async () => {
  const scopes = ["subscriptions:write", "payments:write"];
  const client = await buildClient(guildhall, scopes);
  programs = [guildhall.api, bearing(guildhall, await accessToken(guildhall, client))];
  const reader = await buildClient(guildhall, ["subscriptions:read", "payments:read"]);
  scopeless = bearing(guildhall, await accessToken(guildhall, reader));
});
beforeEach(async () => {
  team = await buildTeam(guildhall);
  owner = guildhall.api.as(team.owner.token);
});

const lastEvent = (subject_id: string) =>
  guildhall.db("events").where({ subject_id }).orderBy("id", "desc").first();

describe("a payment report", () => {
  const sync = (id: string, report?: unknown, api = guildhall.api) =>
    api.post(`${PAYMENTS.intents}/${id}/sync`, report);

  /** A payment that went through these states. */
  async function after(...statuses: string[]): Promise<string> {
    const { id } = await create(owner, PAYMENTS);
    for (const status of statuses) expect((await sync(id, { status })).status).toBe(200);
    return id;
  }

  test("is sent by a program, and its time is recorded", async () => {
    for (const [n, program] of programs.entries()) {
      for (const organization_id of [null, team.organization.id]) {
        const { id } = await create(owner, PAYMENTS, { organization_id });
        const provider_payment_id = "pi_3MtwBwLkdIwHu7ix28a3tqPa";
        const processing = await sync(id, { status: "processing", provider_payment_id }, program);
        expect(processing).toMatchObject({
          status: 200,
          body: { data: { status: "processing", provider_payment_id, organization_id, completed_at: null } },
        });
        expect(processing.body.data.synced_at).not.toBeNull();
        const { body } = await sync(id, { status: "succeeded" }, program);
        expect(body.data).toMatchObject({ status: "succeeded", provider_payment_id });
        expect(body.data.completed_at).not.toBeNull();
        expect(await lastEvent(id)).toMatchObject({
          type: "payment.reported",
          actor_kind: n === 0 ? "operator" : "client",
          organization_id,
          data: { from: "processing", to: "succeeded" },
        });
      }
    }
  });

  const ALL = [
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "processing",
    "succeeded",
    "failed",
    "canceled",
    "refunded",
  ];
  const open = ["requires_confirmation", "requires_action", "processing", "succeeded", "failed", "canceled"];
  test.each([
    [[], ["requires_payment_method", ...open]],
    [["requires_confirmation"], ["requires_payment_method", ...open]],
    [["requires_action"], ["requires_payment_method", ...open]],
    [
      ["processing"],
      ["requires_payment_method", ...open.filter((status) => status !== "requires_confirmation")],
    ],
    [["succeeded"], ["succeeded", "refunded"]],
    [["failed"], ["failed"]],
    [["canceled"], ["canceled"]],
    [["succeeded", "refunded"], ["refunded"]],
  ])("may change %j to any of %j, and nothing else: 409", async (before, allowed) => {
    for (const status of ALL) {
      const id = await after(...before);
      const answer = await sync(id, { status });
      if (allowed.includes(status)) expect(answer).toMatchObject({ status: 200, body: { data: { status } } });
      else expect(answer, status).toMatchObject(no(409, "status_conflict"));
    }
  });

  test("never changes completed_at, by the same status or a refund", async () => {
    const id = await after("succeeded");
    const read = async () => (await owner.get(`${PAYMENTS.path}/${id}`)).body.data;
    const { completed_at, synced_at } = await read();
    const events = () => guildhall.db("events").where({ subject_id: id });
    const before = await events();
    await sync(id, { status: "succeeded" });
    expect(await events()).toEqual(before);
    const again = await read();
    expect(again.completed_at).toBe(completed_at);
    expect(Date.parse(again.synced_at)).toBeGreaterThan(Date.parse(synced_at));
    await sync(id, { status: "refunded" });
    expect((await read()).completed_at).toBe(completed_at);
  });

  test("is an event if anything is new, not only the status", async () => {
    const id = await after("processing");
    const count = async () => (await guildhall.db("events").where({ subject_id: id })).length;
    const before = await count();
    const report = { status: "processing", provider_payment_id: "pi_1" };
    await sync(id, report);
    expect(await count()).toBe(before + 1);
    expect(await lastEvent(id)).toMatchObject({ data: { from: "processing", to: "processing" } });
    await sync(id, report);
    expect(await count()).toBe(before + 1);
  });

  test("of a failure has its reason", async () => {
    const id = await after("processing");
    expect((await sync(id, { status: "failed", failure_reason: "card_declined" })).body.data).toMatchObject({
      status: "failed",
      failure_reason: "card_declined",
    });
  });

  test("sent many times at once takes effect once, with one event", async () => {
    const id = await after("processing");
    const ends = ["succeeded", "failed", "canceled"];
    const answers = await Promise.all([...ends, ...ends, ...ends].map((status) => sync(id, { status })));
    const heard = new Set(answers.filter(({ status }) => status === 200).map(({ body }) => body.data.status));
    expect(heard.size).toBe(1);
    const events = await guildhall.db("events").where({ subject_id: id, type: "payment.reported" });
    expect(events.map(({ data }) => data.to)).toEqual(["processing", ...heard]);
  });

  test("can be read without a body by managers of payments", async () => {
    const organization_id = team.organization.id;
    const card = (await create(owner, PAYMENT_METHODS)).id;
    const own = await create(owner, PAYMENTS, { payment_method_id: card });
    const shared = await create(owner, PAYMENTS, { organization_id });
    const billing = guildhall.api.as(team.billing.token);
    for (const [api, payment] of [
      [owner, own],
      [owner, shared],
      [billing, shared],
      [guildhall.api, own],
      [guildhall.api, shared],
    ] as const) {
      const answer = await sync(payment.id, undefined, api);
      expect({ status: answer.status, data: answer.body.data }).toEqual({ status: 200, data: payment });
    }
    expect(await sync(own.id, undefined, billing)).toMatchObject(no(404, "not_found"));
    expect(await sync(shared.id, undefined, guildhall.api.as(team.member.token))).toMatchObject(
      no(403, "forbidden"),
    );
  });

  test("comes only from programs: 403 for people or without scope, or 404", async () => {
    const { id } = await create(owner, PAYMENTS);
    expect(await sync(id, { status: "succeeded" }, owner)).toMatchObject(no(403, "program_only"));
    for (const report of [undefined, { status: "succeeded" }])
      expect(await sync(id, report, scopeless)).toMatchObject(no(403, "scope_missing"));
    expect(await sync(id, { status: "succeeded" }, guildhall.api.in("globex"))).toMatchObject(
      no(404, "not_found"),
    );
    expect(await sync("pay_none", { status: "succeeded" })).toMatchObject(no(404, "not_found"));
    expect((await owner.get(`${PAYMENTS.path}/${id}`)).body.data).toMatchObject({ synced_at: null });
  });

  test.each([
    ["status", ["paid", "pending", "", null, undefined]],
    ["provider_payment_id", ["", null, 1, "x".repeat(201)]],
    ["failure_reason", ["", null, 1, "x".repeat(501)]],
  ])("with a wrong %s is refused by name", async (field, values) => {
    const { id } = await create(owner, PAYMENTS);
    for (const value of values)
      expect(await sync(id, { status: "failed", [field]: value }), String(value)).toMatchObject(
        no(422, "invalid_field", field),
      );
  });
});
