import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import type { Api } from "./support/api.ts";
import { buildTeam, create, no, PAYMENTS, SUBSCRIPTIONS, type Team } from "./support/bridge-team.ts";
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

describe("a subscription report", () => {
  const sync = (id: string, report: unknown, api = guildhall.api) =>
    api.post(`${SUBSCRIPTIONS.path}/${id}/sync`, report);

  test("comes from a program, with status, period and the provider's id", async () => {
    for (const [n, program] of programs.entries()) {
      for (const organization_id of [null, team.organization.id]) {
        const { id } = await create(owner, SUBSCRIPTIONS, { organization_id });
        const report = {
          status: "active",
          provider_subscription_id: "sub_1MowQVLkdIwHu7ixeRlqHVzs",
          current_period_start: "2026-01-01T00:00:00.000Z",
          current_period_end: "2126-02-01T00:00:00.000Z",
        };
        const answer = await sync(id, report, program);
        const next_billing_date = report.current_period_end;
        expect(answer).toMatchObject({
          status: 200,
          body: { data: { id, organization_id, user_id: team.owner.user.id, ...report, next_billing_date } },
        });
        expect((await owner.get(`${SUBSCRIPTIONS.path}/${id}`)).body.data).toEqual(answer.body.data);
        expect(await lastEvent(id)).toMatchObject({
          type: "subscription.reported",
          actor_kind: n === 0 ? "operator" : "client",
          organization_id,
          data: { from: "incomplete", to: "active" },
        });
      }
    }
  });

  test.each(["active", "past_due", "incomplete", "trialing", "paused"])(
    "may set an active one to %s, and leaves out the unknown",
    async (status) => {
      const { id, current_period_end } = await create(owner, SUBSCRIPTIONS);
      await sync(id, { status: "active", provider_subscription_id: "sub_1" });
      expect((await sync(id, { status })).body.data).toMatchObject({
        status,
        current_period_end,
        provider_subscription_id: "sub_1",
        canceled_at: null,
      });
    },
  );

  test("of its end is final, and only accepted again as it was", async () => {
    const { id } = await create(owner, SUBSCRIPTIONS);
    const canceled = await sync(id, { status: "canceled" });
    expect(canceled).toMatchObject({
      status: 200,
      body: { data: { status: "canceled", next_billing_date: null } },
    });
    expect(canceled.body.data.canceled_at).not.toBeNull();
    for (const status of ["active", "past_due", "incomplete", "trialing", "paused"])
      expect(await sync(id, { status })).toMatchObject(no(409, "subscription_canceled"));
    const again = await sync(id, { status: "canceled" });
    expect(again.body.data.canceled_at).toBe(canceled.body.data.canceled_at);
  });

  test("keeps the time somebody canceled it at period end", async () => {
    const { id } = await create(owner, SUBSCRIPTIONS);
    const { canceled_at } = (await owner.post(`${SUBSCRIPTIONS.path}/${id}/cancel`)).body.data;
    expect((await sync(id, { status: "active" })).body.data).toMatchObject({
      canceled_at,
      cancel_at_period_end: true,
    });
    expect((await sync(id, { status: "canceled" })).body.data).toMatchObject({
      canceled_at,
      status: "canceled",
    });
  });

  test("of a period that has passed returns it as canceled", async () => {
    const { id } = await create(owner, SUBSCRIPTIONS);
    await owner.post(`${SUBSCRIPTIONS.path}/${id}/cancel`);
    const { body } = await sync(id, {
      status: "active",
      current_period_start: "2026-01-01T00:00:00Z",
      current_period_end: "2026-02-01T00:00:00Z",
    });
    expect(body.data).toMatchObject({ status: "canceled", next_billing_date: null });
    expect((await owner.get(`${SUBSCRIPTIONS.path}/${id}`)).body.data).toEqual(body.data);
  });

  test("comes only from programs: 403 for people or without scope, or 404", async () => {
    const { id } = await create(owner, SUBSCRIPTIONS);
    expect(await sync(id, { status: "active" }, owner)).toMatchObject(no(403, "program_only"));
    expect(await sync(id, { status: "active" }, scopeless)).toMatchObject(no(403, "scope_missing"));
    expect(await sync(id, { status: "active" }, guildhall.api.in("globex"))).toMatchObject(
      no(404, "not_found"),
    );
    expect(await sync("sub_01h2xcejqtf2nbrexx3vqjhp41", { status: "active" })).toMatchObject(
      no(404, "not_found"),
    );
    const { id: payment } = await create(owner, PAYMENTS);
    expect(await sync(payment, { status: "active" })).toMatchObject(no(404, "not_found"));
  });

  test.each([
    ["status", ["cancelled", "", null, 1, undefined]],
    ["provider_subscription_id", ["", null, 1, "x".repeat(201)]],
    ["current_period_start", ["2026-01-01", "now", null, 1, "", "2026-02-30T00:00:00Z"]],
    ["current_period_end", ["2026-01-01T00:00:00", "2026-01-01T25:00:00Z"]],
  ])("with a wrong %s is refused by name", async (field, values) => {
    const { id } = await create(owner, SUBSCRIPTIONS);
    for (const value of values) {
      const answer = await sync(id, { status: "active", [field]: value });
      expect(answer, String(value)).toMatchObject(no(422, "invalid_field", field));
    }
    expect(await sync(id, { status: "active", total_cents: 1 })).toMatchObject(
      no(422, "unknown_field", "total_cents"),
    );
  });

  test("is refused if the period would end before it begins", async () => {
    const { id } = await create(owner, SUBSCRIPTIONS);
    const [from, to] = ["2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z"];
    for (const [period, field] of [
      [{ current_period_start: from, current_period_end: to }, "current_period_end"],
      [{ current_period_start: from, current_period_end: from }, "current_period_end"],
      [{ current_period_end: to }, "current_period_end"],
      [{ current_period_start: "2126-01-01T00:00:00Z" }, "current_period_start"],
    ] as const)
      expect(await sync(id, { status: "active", ...period }), JSON.stringify(period)).toMatchObject(
        no(422, "invalid_field", field),
      );
  });
});
