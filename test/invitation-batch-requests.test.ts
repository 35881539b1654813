import { describe, expect, test } from "vitest";
import { LIMITS } from "../src/http/rate-limiter.ts";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import {
  batchTo,
  buildTeam,
  readBatch,
  rowsOf,
  rowsTo,
  runBatches,
  sendBatch,
  someEmails,
  taken,
} from "./support/batches.ts";
import { buildPerson, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();

const BATCHES = "/api/invitation-batches";

describe("who may send a batch", () => {
  test("a program sends a batch with invitations:write, reads it with :read", async () => {
    const { organization } = await buildTeam(guildhall);
    const client = await buildClient(guildhall, ["invitations:read", "invitations:write"]);
    const reader = bearing(guildhall, await accessToken(guildhall, client, "invitations:read"));
    const writer = bearing(guildhall, await accessToken(guildhall, client, "invitations:write"));
    const document = batchTo(organization.id, rowsTo(someEmails(1)));
    expect(await reader.post(BATCHES, document)).toMatchObject(refusal(403, "scope_missing"));
    const id = taken(await writer.post(BATCHES, document));
    await runBatches(guildhall);
    expect(await writer.get(`${BATCHES}/${id}`)).toMatchObject(refusal(403, "scope_missing"));
    const read = await reader.get(`${BATCHES}/${id}?include=rows`);
    expect(read.body).toMatchObject({
      data: { attributes: { created_count: 1 }, relationships: { created_by: { data: null } } },
      included: [{ type: "invitation_batch_row", attributes: { status: "created" } }],
    });
  });

  test("rows fail once their program lost its scope or is deleted", async () => {
    const { organization } = await buildTeam(guildhall);
    for (const end of ["scope", "client"] as const) {
      const client = await buildClient(guildhall, ["invitations:read", "invitations:write"]);
      const api = bearing(guildhall, await accessToken(guildhall, client));
      const id = await sendBatch(api, organization, rowsTo(someEmails(150)));
      let chunks = 0;
      await runBatches(guildhall, () => chunks++ >= 1);
      const path = `/api/api-clients/${client.id}`;
      const change = { type: "api_client", id: client.id, attributes: { scopes: ["invitations:read"] } };
      if (end === "scope") await guildhall.api.patch(path, { data: change });
      else await guildhall.api.delete(path);
      await runBatches(guildhall);
      expect((await readBatch(guildhall, id)).attributes).toMatchObject({
        ...{ status: "completed", created_count: 100, failed_count: 50 },
      });
      expect((await rowsOf(guildhall, id)).at(-1)).toMatchObject({ status: "failed", code: "forbidden" });
    }
  });
});

describe("a request", () => {
  test.each<[what: string, rows: unknown, attributes: object, status: number, code: string, pointer: string]>(
    [
      ["without rows", undefined, {}, 422, "invalid_attribute", "/data/attributes"],
      ["of no rows", [], {}, 422, "invalid_attribute", "/data/attributes/rows"],
      ["of rows that aren't a list", { email: "x" }, {}, 422, "invalid_attribute", "/data/attributes/rows"],
      ["of 10,001 rows", Array(10_001).fill(0), {}, 422, "invalid_attribute", "/data/attributes/rows"],
      [
        "with a word for dry_run",
        [0],
        { dry_run: "yes" },
        422,
        "invalid_attribute",
        "/data/attributes/dry_run",
      ],
      [
        "with an unknown attribute",
        [0],
        { colour: "red" },
        422,
        "unknown_attribute",
        "/data/attributes/colour",
      ],
    ],
  )("%s is refused", async (_, rows, attributes, status, code, pointer) => {
    const { organization, api } = await buildTeam(guildhall);
    const answer = await api.post(BATCHES, batchTo(organization.id, rows, attributes));
    expect(answer).toMatchObject(refusal(status, code, { pointer }));
  });

  test("a JSON batch without an organization or with file parameters is refused", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const { data } = batchTo(organization.id, rowsTo(someEmails(1)));
    const bare = { data: { ...data, relationships: {} } };
    expect(await api.post(BATCHES, bare)).toMatchObject(refusal(422, "invalid_relationship"));
    // Otherwise the caller would believe that nobody was invited.
    const dry = await api.post(`${BATCHES}?dry_run=true`, { data });
    expect(dry).toMatchObject(refusal(400, "unknown_parameter", { parameter: "dry_run" }));
  });

  test("a batch may have 4 MiB, other requests 64 KiB", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const sized = (bytes: number) => {
      const text = JSON.stringify(batchTo(organization.id, [{ email: uniqueEmail() }]));
      return text + " ".repeat(bytes - text.length);
    };
    expect(await api.post(BATCHES, sized(4 * 1024 * 1024))).toMatchObject({ status: 202 });
    const larger = await api.post(BATCHES, sized(4 * 1024 * 1024 + 1));
    expect(larger).toMatchObject(refusal(413, "body_too_large"));
    expect(larger.body.errors[0].detail).toContain("4096 KiB");
    const single = await api.post("/api/invitations", sized(65 * 1024));
    expect(single).toMatchObject(refusal(413, "body_too_large"));
    expect(single.body.errors[0].detail).toContain("64 KiB");
  });

  test("a large batch isn't read from callers who may not send it", async () => {
    const nonsense = "[".repeat(2 * 1024 * 1024);
    const outsider = guildhall.api.as("nobody-has-this-token");
    expect(await outsider.post(BATCHES, nonsense)).toMatchObject(refusal(401, "unauthorized"));
    const client = await buildClient(guildhall, ["invitations:read"]);
    const reader = bearing(guildhall, await accessToken(guildhall, client));
    expect(await reader.post(BATCHES, nonsense)).toMatchObject(refusal(403, "scope_missing"));
    const person = guildhall.api.as((await buildPerson(guildhall)).token);
    expect(await person.post(BATCHES, nonsense)).toMatchObject(refusal(400, "too_deep"));
  });

  test("a batch with a million members is refused with few problems", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const list = Array(1_900_000).fill(0);
    const began = Date.now();
    const rows = await api.post(BATCHES, batchTo(organization.id, list));
    expect(rows).toMatchObject(refusal(400, "too_many_values"));
    const roles = Array.from({ length: 60 }, () => ({
      email: uniqueEmail(),
      role_ids: list.slice(0, 3_000),
    }));
    const id = await sendBatch(api, organization, roles);
    expect(Date.now() - began).toBeLessThan(8_000);
    expect((await readBatch(guildhall, id)).attributes.failed_count).toBe(60);
  });

  test("a batch counts once toward the invitations per minute", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const document = batchTo(organization.id, []);
    const { requests } = LIMITS.invite;
    const answers = await Promise.all(
      Array.from({ length: requests + 3 }, () => api.post(BATCHES, document)),
    );
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(requests);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(3);
  });
});

describe("batches and their rows", () => {
  test("batches and rows are filtered, sorted and linked", async () => {
    const { organization, api } = await buildTeam(guildhall);
    const first = await sendBatch(api, organization, [...rowsTo(someEmails(2)), { email: "none" }]);
    await runBatches(guildhall);
    const second = await sendBatch(api, organization, rowsTo(someEmails(1)));
    const ids = async (query: string) =>
      (await guildhall.api.get(`${BATCHES}?filter[organization]=${organization.id}&${query}`)).body.data.map(
        (batch: { id: string }) => batch.id,
      );
    expect(await ids("sort=-created_at")).toEqual([second, first]);
    expect(await ids("filter[status]=completed")).toEqual([first]);
    expect(await ids("filter[status]=queued")).toEqual([second]);
    const failed = await api.get(
      `/api/invitation-batch-rows?filter[batch]=${first}&filter[status]=failed&include=batch`,
    );
    expect(failed.body).toMatchObject({
      data: [{ attributes: { number: 3, email: "none" }, relationships: { invitation: { data: null } } }],
      included: [{ id: first }],
    });
    const created = await api.get(`${BATCHES}/${first}/rows?filter[status]=created&include=invitation`);
    expect(created.body.included.map(({ type }: { type: string }) => type)).toEqual([
      "invitation",
      "invitation",
    ]);
    const row = created.body.data[0];
    const invitation = (await api.get(`/api/invitation-batch-rows/${row.id}/invitation`)).body.data;
    expect(invitation.attributes.email).toBe(row.attributes.email);
  });
});
