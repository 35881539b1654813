import { describe, expect, test } from "vitest";
import { buildOrganization, buildPerson, invitationTo, roleId, uniqueEmail } from "./support/builders.ts";
import { backends, useGuildhall } from "./support/guildhall.ts";
import { tokenIn } from "./support/mailbox.ts";

describe.each(backends())("the walk of one invitation, queue on %s", (backend) => {
  const guildhall = useGuildhall({ backend, worker: true });

  test("an invitation is emailed and accepted, and gives its roles", async () => {
    const { api, mailbox, db } = guildhall;
    const owner = await buildPerson(guildhall, { first_name: "Ada", last_name: "Lovelace" });
    const organization = await buildOrganization(guildhall, owner);
    const billing = await roleId(guildhall, organization.environment_id, "billing");
    const email = uniqueEmail();

    const created = await api
      .as(owner.token)
      .post(
        "/api/invitations",
        invitationTo(organization.id, email, { role_ids: [billing], metadata: { team: "finance" } }),
      );
    expect(created.status).toBe(201);
    expect(created.body.data.attributes).toMatchObject({
      email,
      status: "pending",
      delivery_status: "queued",
    });
    expect(created.headers.get("Location")).toBe(created.body.data.links.self);

    const received = await mailbox.waitFor(email);
    expect(received.to).toEqual([email]);
    expect(received.mail.subject).toContain("Acme Corp");
    expect(received.mail.html).toContain("Ada Lovelace");

    const id = created.body.data.id;
    const accepted = await api
      .as(null)
      .post(`/api/invitations/${id}/accept`, { meta: { token: tokenIn(received) } });
    expect(accepted.status).toBe(200);
    expect(accepted.body.data.attributes).toMatchObject({ status: "accepted" });
    // The reader may be faster than the worker that records the server's reply.
    const deliveryStatus = async () =>
      (await api.get(`/api/invitations/${id}`)).body.data.attributes.delivery_status;
    await expect.poll(deliveryStatus).toBe("sent");

    const memberships = await api
      .as(owner.token)
      .get(`/api/memberships?filter[organization]=${organization.id}`);
    const membership = memberships.body.data.find(
      (candidate: { id: string }) => candidate.id === accepted.body.data.relationships.membership.data.id,
    );
    expect(membership.attributes.metadata).toEqual({ team: "finance" });
    expect(membership.relationships.roles.data).toEqual([{ type: "role", id: billing }]);
    const invitee = await db("users").where({ email }).first();
    expect(invitee.email_verified_at).not.toBeNull();

    const notice = await mailbox.waitFor(owner.user.email);
    expect(notice.mail.subject).toContain("joined Acme Corp");
  });
});
