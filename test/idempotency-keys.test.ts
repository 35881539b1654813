import { beforeAll, describe, expect, test } from "vitest";
import { purge } from "../jobs/purge.ts";
import type { Organization } from "../src/models/organization.ts";
import type { Api } from "./support/api.ts";
import { batchTo } from "./support/batches.ts";
import { buildOrganization, buildPerson, invitationTo, unique, uniqueEmail } from "./support/builders.ts";
import { backends, OPERATOR_TOKEN, startGuildhall, useGuildhall } from "./support/guildhall.ts";
import { countOf, eventTypesOf, sendDue } from "./support/invitations.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();
let organization: Organization;

beforeAll(async () => {
  organization = await buildOrganization(guildhall, await buildPerson(guildhall));
});

const header = { header: "Idempotency-Key" };
const reused = refusal(422, "idempotency_key_reused", header);
const keyed = (key = unique("key")) => ({ "Idempotency-Key": key });

/** Invites somebody new by default. */
function invites(api: Api, headers: Record<string, string>, email = uniqueEmail()) {
  return api.post("/api/invitations", invitationTo(organization.id, email), headers);
}

describe("a request with a repeated key", () => {
  test("is done once, and the same bytes are returned as a replay", async () => {
    const [key, email] = [keyed(), uniqueEmail()];
    const send = () =>
      fetch(`${guildhall.api.origin}/api/invitations`, {
        method: "POST",
        headers: {
          ...key,
          Authorization: `Bearer ${OPERATOR_TOKEN}`,
          "X-Environment": "acme-test",
          "Content-Type": "application/vnd.api+json",
        },
        body: JSON.stringify(
          invitationTo(organization.id, email, { metadata: { z: 1, a: [{ c: 2, b: 3 }] } }),
        ),
      });
    const [first, second] = [await send(), await send()];
    expect([first.status, second.status]).toEqual([201, 201]);
    const text = await first.text();
    expect(await second.text()).toBe(text);
    expect(second.headers.get("Location")).toBe(first.headers.get("Location"));
    expect(first.headers.has("Idempotency-Replayed")).toBe(false);
    expect(second.headers.get("Idempotency-Replayed")).toBe("true");
    expect(second.headers.get("X-Request-Id")).not.toBe(first.headers.get("X-Request-Id"));

    const { id } = JSON.parse(text).data;
    expect(await eventTypesOf(guildhall, id)).toEqual(["invitation.created"]);
    await sendDue(guildhall);
    expect(guildhall.mailbox.received.filter(({ to }) => to.includes(email))).toHaveLength(1);
  });

  test("may have its body's members in another order", async () => {
    const key = keyed();
    const [email, metadata] = [uniqueEmail(), { b: { d: 1, c: 2 }, a: [1, 2] }];
    const [other, otherwise] = [
      { metadata: { a: [1, 2], b: { c: 2, d: 1 } }, email },
      { email, metadata },
    ];
    const send = (attributes: object) => {
      const { data } = invitationTo(organization.id, email);
      return guildhall.api.post("/api/invitations", { data: { ...data, attributes } }, key);
    };
    const [first, second] = [await send(other), await send(otherwise)];
    expect(second).toMatchObject({ status: 201, body: first.body });
    expect(second.headers.get("Idempotency-Replayed")).toBe("true");
  });

  test("and another body is refused and changes nothing: 422", async () => {
    const [key, other] = [keyed(), uniqueEmail()];
    expect(await invites(guildhall.api, key)).toMatchObject({ status: 201 });
    expect(await invites(guildhall.api, key, other)).toMatchObject(reused);
    expect(await countOf(guildhall, "invitations", { email: other })).toBe(0);
  });

  test("may be a batch as JSON or a file, query included", async () => {
    const [key, document] = [keyed(), batchTo(organization.id, [{ email: uniqueEmail() }])];
    const send = () => guildhall.api.post("/api/invitation-batches", document, key);
    expect((await send()).body).toEqual((await send()).body);

    const [fileKey, file] = [keyed(), `email\n${uniqueEmail()}\n`];
    const sendFile = (query: string) => {
      const path = `/api/invitation-batches?organization=${organization.id}${query}`;
      return guildhall.api.post(path, file, { ...fileKey, "Content-Type": "text/csv" });
    };
    const [first, second] = [await sendFile(""), await sendFile("")];
    expect(second).toMatchObject({ status: 202, body: first.body });
    expect(second.headers.get("Idempotency-Replayed")).toBe("true");
    expect(await sendFile("&dry_run=true")).toMatchObject(reused);
    expect(await countOf(guildhall, "invitation_batches", { organization_id: organization.id })).toBe(2);
  });

  test("is answered even if its resource is gone", async () => {
    const { user } = await buildPerson(guildhall);
    const [key, path] = [keyed(), `/api/users/${user.id}`];
    expect(await guildhall.api.delete(path, key)).toMatchObject({ status: 204 });
    expect(await guildhall.api.delete(path, keyed())).toMatchObject({ status: 404 });
    const again = await guildhall.api.delete(path, key);
    expect(again).toMatchObject({ status: 204, body: undefined });
    expect(again.headers.get("Idempotency-Replayed")).toBe("true");
  });

  test("creates one environment, even if it names another", async () => {
    const [key, handle] = [keyed(), unique("tenant")];
    const document = { data: { type: "environment", attributes: { handle, name: "Tenant" } } };
    const first = await guildhall.api.post("/api/environments", document, key);
    const second = await guildhall.api.in("nowhere").post("/api/environments", document, key);
    expect(second).toMatchObject({ status: 201, body: first.body });
  });
});

test("answers are purged after two days, and their keys are free again", async () => {
  const { db, api, jobContext } = guildhall;
  const create = (key: string) =>
    api.post("/api/users", { data: { type: "user", attributes: { email: uniqueEmail() } } }, keyed(key));
  const keep = async (age: string) => {
    const key = unique("key");
    const { id } = (await create(key)).body.data;
    const ofIt = db.raw("document->'data'->>'id' = ?", [id]);
    const row = db("idempotency_keys").where(ofIt);
    await row.clone().update({ created_at: db.raw("now() - cast(? as interval)", [age]) });
    return { key, count: async () => (await row.clone()).length };
  };
  const [young, old] = [await keep("47 hours 59 minutes"), await keep("48 hours 1 minute")];
  await purge.run(jobContext, {});
  expect([await young.count(), await old.count()]).toEqual([1, 0]);
  expect(await create(young.key)).toMatchObject({ status: 422 });
  expect(await create(old.key)).toMatchObject({ status: 201 });
});

describe.each(backends())("with a worker and no sweeper, queue on %s,", (backend) => {
  test("the commit of an invitation with a key wakes the worker up", async () => {
    const settings = { SWEEP_EVERY: 3_600_000 };
    const other = await startGuildhall({ backend, worker: true, settings });
    const { wakeUp } = other.context.queues;
    const hinted: string[] = [];
    other.context.queues.wakeUp = (queue) => {
      hinted.push(queue);
      wakeUp(queue);
    };
    const { id } = await buildOrganization(other, await buildPerson(other));
    const [key, email] = [keyed(), uniqueEmail()];
    for (let time = 0; time < 2; time += 1)
      expect(await other.api.post("/api/invitations", invitationTo(id, email), key)).toMatchObject({
        status: 201,
      });
    const mails = () => other.mailbox.received.filter(({ to }) => to.includes(email)).length;
    await expect.poll(mails, { timeout: 10_000 }).toBe(1);
    // The sweeper, which runs once when a worker starts, may have added another.
    expect(hinted).toContain("mail");
    await other.stop();
  });
});
