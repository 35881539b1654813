import { beforeAll, describe, expect, test } from "vitest";
import { purgeDeletedDeliveries } from "../src/invitations/delete-invitation.ts";
import type { Organization } from "../src/models/organization.ts";
import {
  buildOrganization,
  buildPerson,
  invitationTo,
  type Person,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();
let owner: Person;
let organization: Organization;
beforeAll(async () => {
  owner = await buildPerson(guildhall);
  organization = await buildOrganization(guildhall, owner);
});

/** An invitation by the organization's owner. @param columns its state. */
async function invited(columns: object = {}, email = uniqueEmail()): Promise<string> {
  const { body } = await guildhall.api
    .as(owner.token)
    .post("/api/invitations", invitationTo(organization.id, email));
  if (Object.keys(columns).length > 0)
    await guildhall.db("invitations").where({ id: body.data.id }).update(columns);
  return body.data.id;
}

const past = () => guildhall.db.raw("now() - interval '1 second'");
const deleteAs = ({ token }: Person, id: string) => guildhall.api.as(token).delete(`/api/invitations/${id}`);

describe("deleting an invitation", () => {
  test.each(["accepted", "declined", "revoked", "expired"])(
    "that is %s removes its deliveries and keeps its events",
    async (status) => {
      const by = status === "accepted" ? { accepted_by_user_id: owner.user.id } : {};
      const id = await invited({ status, [`${status}_at`]: past(), ...by });
      expect((await deleteAs(owner, id)).status).toBe(204);
      expect((await guildhall.api.get(`/api/invitations/${id}`)).status).toBe(404);
      expect((await guildhall.api.get(`/api/deliveries?filter[invitation]=${id}`)).body.data).toEqual([]);
      expect(await guildhall.db("search_entries").where({ id })).toEqual([]);
      const events = await guildhall.db("events").where({ subject_id: id }).orderBy("id").select("type");
      expect(events.map(({ type }) => type)).toEqual(["invitation.created", "invitation.deleted"]);
      expect(await deleteAs(owner, id)).toMatchObject(refusal(404, "not_found"));
    },
  );

  test("that is overdue records its expiry first", async () => {
    const id = await invited({ expires_at: past() });
    expect((await deleteAs(owner, id)).status).toBe(204);
    const events = await guildhall.db("events").where({ subject_id: id }).orderBy("id").select("type");
    expect(events.map(({ type }) => type)).toEqual([
      "invitation.created",
      "invitation.expired",
      "invitation.deleted",
    ]);
  });

  test("a pending invitation can't be deleted: 409 still_pending", async () => {
    const id = await invited();
    const answer = await deleteAs(owner, id);
    expect(answer).toMatchObject(refusal(409, "still_pending"));
    expect(answer.body.errors[0].detail).toContain("Revoke it first");
    expect((await guildhall.api.get(`/api/invitations/${id}`)).body.data.attributes.status).toBe("pending");
  });

  test("many times at once deletes it once, and the rest get a 404", async () => {
    const id = await invited({ status: "revoked", revoked_at: past() });
    const answers = await Promise.all(Array.from({ length: 6 }, () => deleteAs(owner, id)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, ...Array(5).fill(404)]);
    expect(await guildhall.db("events").where({ subject_id: id, type: "invitation.deleted" })).toHaveLength(
      1,
    );
  });

  test("makes its link as unknown as any wrong link", async () => {
    const id = await invited({ status: "revoked", revoked_at: past() });
    const token = guildhall.context.linkKeys.sign({ invitationId: id, tokenVersion: 1 });
    await deleteAs(owner, id);
    const page = await fetch(`${guildhall.api.origin}/invitations/${id}`);
    expect(page.status).toBe(404);
    const answer = await guildhall.api.as(null).post(`/api/invitations/${id}/accept`, { meta: { token } });
    expect(answer).toMatchObject(refusal(404, "not_found"));
  });
});

describe("emails of a deleted invitation", () => {
  test("a deleted invitation's email still counts toward the address's limit", async () => {
    const email = uniqueEmail();
    const invite = () =>
      guildhall.api.as(owner.token).post("/api/invitations", invitationTo(organization.id, email));
    for (let n = 0; n < 3; n += 1) {
      const id = await invited({ status: "revoked", revoked_at: past() }, email);
      await guildhall
        .db("mail_deliveries")
        .where({ invitation_id: id })
        .update({ state: "sent", due_at: null });
      expect((await deleteAs(owner, id)).status).toBe(204);
    }
    expect(await invite()).toMatchObject(refusal(429, "recipient_limit"));
    await guildhall
      .db("deleted_deliveries")
      .update({ created_at: guildhall.db.raw("now() - interval '25 hours'") });
    await purgeDeletedDeliveries(guildhall.db, () => false);
    expect(await guildhall.db("deleted_deliveries")).toEqual([]);
    expect((await invite()).status).toBe(201);
  });

  test("a deleted invitation's email still counts toward the sender's limit", async () => {
    const settings = { quotas: { invitations_per_user: 2 } };
    const environment = await guildhall.db("environments").where({ id: organization.environment_id }).first();
    await guildhall.db("environments").where({ id: environment.id }).update({ settings });
    const sender = await buildPerson(guildhall);
    const own = await buildOrganization(guildhall, sender);
    const invite = () =>
      guildhall.api.as(sender.token).post("/api/invitations", invitationTo(own.id, uniqueEmail()));
    for (let n = 0; n < 2; n += 1) {
      const { body } = await invite();
      await guildhall
        .db("invitations")
        .where({ id: body.data.id })
        .update({ status: "revoked", revoked_at: past() });
      expect((await deleteAs(sender, body.data.id)).status).toBe(204);
    }
    expect(await invite()).toMatchObject(refusal(429, "inviter_limit"));
    await guildhall
      .db("environments")
      .where({ id: environment.id })
      .update({ settings: environment.settings });
  });
});

describe("filter[delivery_status]", () => {
  test("finds invitations by the state of their newest email", async () => {
    const ids: Record<string, string> = {};
    const states = ["pending", "sending", "sent", "failed", "suppressed", "unknown"];
    const person = await buildPerson(guildhall);
    const own = await buildOrganization(guildhall, person);
    for (const state of states) {
      const { body } = await guildhall.api.post("/api/invitations", invitationTo(own.id, uniqueEmail()));
      ids[state === "pending" ? "queued" : state] = body.data.id;
      await guildhall.db("mail_deliveries").where({ invitation_id: body.data.id }).update({ state });
    }
    // A failed email, and a newer one that left.
    const { invitation_id, ...first } = await guildhall
      .db("mail_deliveries")
      .where({ invitation_id: ids.sent })
      .first("invitation_id", "environment_id", "kind", "email", "email_canonical", "state");
    await guildhall.db("mail_deliveries").where({ invitation_id }).update({ state: "failed" });
    await guildhall
      .db("mail_deliveries")
      .insert({ ...first, id: `${invitation_id}x`, invitation_id, seq: 2 });

    for (const api of [guildhall.api, guildhall.api.as(person.token)]) {
      const found = async (words: string, sort = "id") => {
        const url = `/api/invitations?filter[organization]=${own.id}&filter[delivery_status]=${words}&sort=${sort}`;
        return (await api.get(url)).body.data.map(({ id }: { id: string }) => id);
      };
      for (const [word, id] of Object.entries(ids)) expect(await found(word), word).toEqual([id]);
      expect(await found("failed,sent,failed")).toEqual([ids.sent, ids.failed]);
      expect(await found("unknown,queued", "-created_at")).toEqual([ids.unknown, ids.queued]);
    }
  });

  test.each(["bounced", "failed,", "pending"])(
    "with %s is a 400 that lists the valid values",
    async (words) => {
      const answer = await guildhall.api.get(`/api/invitations?filter[delivery_status]=${words}`);
      expect(answer).toMatchObject(
        refusal(400, "invalid_parameter", { parameter: "filter[delivery_status]" }),
      );
      expect(JSON.stringify(answer.body)).toContain("queued, sending, sent, failed, suppressed, unknown");
    },
  );
});

test("deliveries are found by address, in any spelling", async () => {
  const email = uniqueEmail();
  const id = await invited({}, email);
  const url = `/api/deliveries?filter[email]=${email.toUpperCase()}`;
  for (const api of [guildhall.api, guildhall.api.as(owner.token)])
    expect((await api.get(url)).body.data).toMatchObject([
      { attributes: { email }, relationships: { invitation: { data: { id } } } },
    ]);
  expect((await guildhall.api.get("/api/deliveries?filter[email]=none")).status).toBe(400);
});
