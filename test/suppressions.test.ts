import { describe, expect, test } from "vitest";
import type { Api, ApiAnswer } from "./support/api.ts";
import { buildOrganization, buildPerson, invite, uniqueEmail } from "./support/builders.ts";
import { startGuildhall, useGuildhall } from "./support/guildhall.ts";
import { startScriptedSmtp } from "./support/scripted-smtp.ts";

const guildhall = useGuildhall();

const suppress = (attributes: object, api: Api = guildhall.api): Promise<ApiAnswer> =>
  api.post("/api/suppressions", { data: { type: "suppression", attributes } });

const eventsOf = async (id: string) =>
  (await guildhall.api.get(`/api/events?filter[subject]=${id}`)).body.data.map(
    ({ attributes: { event_type, actor_kind, data } }: { attributes: Record<string, unknown> }) => ({
      event_type,
      actor_kind,
      data,
    }),
  );

/** Invites the address into a new organization. @returns the state of its email. */
async function stateOfMailTo(email: string): Promise<string> {
  const other = await buildOrganization(guildhall, await buildPerson(guildhall));
  const { body } = await invite(guildhall, other, email);
  await guildhall.jobContext.deliveries.run();
  const read = () => guildhall.api.get(`/api/invitations/${body.data.id}`);
  const status = async () => (await read()).body.data.attributes.delivery_status;
  await expect.poll(status, { interval: 10 }).not.toMatch(/queued|sending/);
  return status();
}

describe("a suppression", () => {
  test("is created by a program, and shown with the canonical address", async () => {
    const email = uniqueEmail();
    const created = await suppress({
      email: email.toUpperCase(),
      reason: "complained",
      detail: "They wrote to us",
    });
    expect(created.status).toBe(201);
    const { id, attributes } = created.body.data;
    expect(created.headers.get("Location")).toBe(`/api/suppressions/${id}`);
    expect(attributes).toEqual({
      email,
      reason: "complained",
      detail: "They wrote to us",
      created_at: expect.any(String),
    });
    expect((await guildhall.api.get(`/api/suppressions/${id}`)).body.data).toEqual(created.body.data);
  });

  test("stops emails, but not invitations, until it is lifted", async () => {
    const email = uniqueEmail();
    const { id } = (await suppress({ email, reason: "bounced" })).body.data;
    expect(await stateOfMailTo(email)).toBe("suppressed");
    expect((await guildhall.api.delete(`/api/suppressions/${id}`)).status).toBe(204);
    expect(await stateOfMailTo(email)).toBe("sent");
    expect((await guildhall.api.get(`/api/suppressions/${id}`)).status).toBe(404);
    expect((await guildhall.api.delete(`/api/suppressions/${id}`)).status).toBe(404);
  });

  test("makes events with its actor when it is created and lifted", async () => {
    const email = uniqueEmail();
    const { id } = (await suppress({ email, reason: "opted_out" })).body.data;
    await guildhall.api.delete(`/api/suppressions/${id}`);
    const data = { email, reason: "opted_out" };
    expect(await eventsOf(id)).toEqual([
      { event_type: "suppression.created", actor_kind: "operator", data },
      { event_type: "suppression.deleted", actor_kind: "operator", data },
    ]);
  });

  test("by a mail server's refusal makes an event, too", async () => {
    const email = uniqueEmail();
    const smtp = await startScriptedSmtp();
    smtp.script({ at: "rcpt", does: "550 nobody here" });
    const other = await startGuildhall({ settings: { SMTP_URL: smtp.url } });
    await invite(other, await buildOrganization(other, await buildPerson(other)), email);
    await other.jobContext.deliveries.run();
    const list = () => other.api.get("/api/suppressions");
    await expect.poll(async () => (await list()).body.data.length, { interval: 10 }).toBe(1);
    const [{ id, attributes }] = (await list()).body.data;
    expect(attributes).toMatchObject({ email, reason: "bounced", detail: "550 nobody here" });
    const { body } = await other.api.get(`/api/events?filter[subject]=${id}`);
    expect(body.data[0].attributes).toMatchObject({
      event_type: "suppression.created",
      actor_kind: "system",
    });
    await other.stop();
    await smtp.stop();
  });

  test("is unique per address, even if ten are created at once", async () => {
    const email = uniqueEmail();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => suppress({ email, reason: "opted_out" })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
    const again = await suppress({ email, reason: "bounced" });
    expect(again).toMatchObject({ status: 409, body: { errors: [{ code: "already_suppressed" }] } });
  });

  test("needs an address and one of three reasons", async () => {
    const pointers = async (attributes: object) => {
      const { status, body } = await suppress(attributes);
      expect(status).toBe(422);
      return body.errors.map(({ source }: { source: { pointer: string } }) => source.pointer);
    };
    expect(await pointers({ email: "nobody", reason: "bounced" })).toEqual(["/data/attributes/email"]);
    expect(await pointers({ email: uniqueEmail(), reason: "disliked" })).toEqual(["/data/attributes/reason"]);
    expect(await pointers({ email: uniqueEmail(), reason: "bounced", id: 1 })).toHaveLength(1);
  });

  test("after opting out still allows notices about one's own invitations", async () => {
    const inviter = await buildPerson(guildhall);
    const theirs = await buildOrganization(guildhall, inviter);
    await suppress({ email: inviter.user.email, reason: "opted_out" });
    const { body } = await invite(
      { ...guildhall, api: guildhall.api.as(inviter.token) },
      theirs,
      uniqueEmail(),
    );
    await guildhall.api.post(`/api/invitations/${body.data.id}/decline`);
    await guildhall.jobContext.deliveries.run();
    await guildhall.mailbox.waitFor(inviter.user.email);
  });
});

describe("the list of suppressions", () => {
  test("is filtered by address in any spelling, and by reason", async () => {
    const email = uniqueEmail();
    const { id } = (await suppress({ email, reason: "complained" })).body.data;
    await suppress({ email: uniqueEmail(), reason: "opted_out" });
    const found = await guildhall.api.get(`/api/suppressions?filter[email]=${email.toUpperCase()}`);
    expect(found.body.data.map(({ id }: { id: string }) => id)).toEqual([id]);
    const complained = await guildhall.api.get("/api/suppressions?filter[reason]=complained&page[size]=100");
    expect(complained.body.data.map(({ id }: { id: string }) => id)).toContain(id);
    const reasons = complained.body.data.map(
      ({ attributes }: { attributes: { reason: string } }) => attributes.reason,
    );
    expect(new Set(reasons)).toEqual(new Set(["complained"]));
  });

  test("shows and stops nothing of another environment", async () => {
    const email = uniqueEmail();
    await buildPerson(guildhall, { environment: "globex" });
    const elsewhere = guildhall.api.in("globex");
    const { id } = (await suppress({ email, reason: "bounced" }, elsewhere)).body.data;
    expect((await guildhall.api.get(`/api/suppressions?filter[email]=${email}`)).body.data).toEqual([]);
    for (const method of ["get", "delete"] as const)
      expect((await guildhall.api[method](`/api/suppressions/${id}`)).status).toBe(404);
    expect(await stateOfMailTo(email)).toBe("sent");
  });
});
