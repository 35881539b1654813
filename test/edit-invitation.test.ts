import { beforeAll, describe, expect, test } from "vitest";
import { newId } from "../src/lib/id.ts";
import type { Organization } from "../src/models/organization.ts";
import type { Api } from "./support/api.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  type Person,
  roleId,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import {
  answerByLink,
  atOnce,
  deliveriesOf,
  eventsOf,
  eventTypesOf,
  expiresIn,
  type Invited,
  invited,
  later,
  openLink,
  sendDue,
  statuses,
} from "./support/invitations.ts";
import { refusal } from "./support/refusal.ts";
import { buildRole, membershipRole } from "./support/roles.ts";

const guildhall = useGuildhall();
let owner: Person;
let organization: Organization;
let roles: Record<"owner" | "admin" | "billing" | "member", string>;

beforeAll(async () => {
  owner = await buildPerson(guildhall);
  organization = await buildOrganization(guildhall, owner, { member_management: "owner_and_admins" });
  const system = (name: keyof typeof roles) => roleId(guildhall, organization.environment_id, name);
  roles = {
    owner: await system("owner"),
    admin: await system("admin"),
    billing: await system("billing"),
    member: await system("member"),
  };
});

const asOwner = () => guildhall.api.as(owner.token);
const edit = ({ id, path }: Pick<Invited, "id" | "path">, attributes: object, by: Api = guildhall.api) =>
  by.patch(path, { data: { type: "invitation", id, attributes } });
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const attributesOf = async ({ path }: Invited) => (await guildhall.api.get(path)).body.data.attributes;

/** The names of the roles of the user who accepted. */
async function rolesOf(email: string): Promise<string[]> {
  return guildhall
    .db("membership_roles as mr")
    .join("memberships as m", "m.id", "mr.membership_id")
    .join("users as u", "u.id", "m.user_id")
    .join("roles as r", "r.id", "mr.role_id")
    .where("u.email_canonical", email)
    .orderBy("r.name")
    .pluck("r.name");
}

describe("editing an invitation", () => {
  test("an edit returns the new values and changes nothing else", async () => {
    const invitation = await invited(guildhall, organization, { message: "Come!", locale: "de" });
    const before = await attributesOf(invitation);
    const expires_at = inDays(30);
    const answer = await edit(invitation, { role_ids: [roles.billing], locale: "fr", expires_at }, asOwner());
    expect(answer.status).toBe(200);
    const { attributes } = answer.body.data;
    expect(attributes).toEqual({
      ...before,
      role_ids: [roles.billing],
      locale: "fr",
      expires_at,
      updated_at: attributes.updated_at,
    });
    expect(await attributesOf(invitation)).toEqual(attributes);
  });

  test("an edit keeps the attributes it leaves out", async () => {
    const invitation = await invited(guildhall, organization, { locale: "de", role_ids: [roles.admin] });
    const { expires_at } = await attributesOf(invitation);
    await edit(invitation, { locale: "fr" });
    expect(await attributesOf(invitation)).toMatchObject({
      expires_at,
      role_ids: [roles.admin],
      locale: "fr",
    });
    await edit(invitation, { role_ids: [roles.billing] });
    expect(await attributesOf(invitation)).toMatchObject({ expires_at, locale: "fr" });
  });

  test("an edit sets the name, or clears it with null, and its event shows it", async () => {
    const invitation = await invited(guildhall, organization, {
      first_name: "Mray",
      last_name: "Somerville",
    });
    const answer = await edit(invitation, { first_name: " Mary ", last_name: null }, asOwner());
    expect(answer.body.data.attributes).toMatchObject({ first_name: "Mary", last_name: null });
    expect(await attributesOf(invitation)).toMatchObject({ first_name: "Mary", last_name: null });
    expect((await eventsOf(guildhall, invitation.id)).at(-1)).toMatchObject({
      type: "invitation.updated",
      data: { changed: ["first_name", "last_name"] },
    });
    expect(await edit(invitation, { first_name: "" })).toMatchObject(refusal(422, "invalid_attribute"));
  });

  test("an edit to the language null restores the environment's language", async () => {
    const invitation = await invited(guildhall, organization, { locale: "de" });
    expect((await edit(invitation, { locale: null })).body.data.attributes.locale).toBeNull();
  });

  test("an edited invitation keeps its link, which gives only the new roles", async () => {
    const invitation = await invited(guildhall, organization, { role_ids: [roles.admin] });
    await edit(invitation, { role_ids: [roles.billing, roles.member] }, asOwner());
    expect((await answerByLink(guildhall, invitation, "accept")).status).toBe(200);
    expect(await rolesOf(invitation.email)).toEqual(["billing", "member"]);
  });

  test("the page of an edited invitation shows the new roles in the new language", async () => {
    const invitation = await invited(guildhall, organization, { role_ids: [roles.admin] });
    await edit(invitation, { role_ids: [roles.billing], locale: "de" });
    const { page } = await openLink(guildhall, invitation.id);
    expect(page).toContain('lang="de"');
    expect(page).toMatch(/billing|Abrechnung/i);
    expect(page).not.toMatch(/\bAdmin/);
  });

  test("an edit that names a role twice gives it once", async () => {
    const invitation = await invited(guildhall, organization);
    const answer = await edit(invitation, { role_ids: [roles.billing, roles.billing] });
    expect(answer.body.data.attributes.role_ids).toEqual([roles.billing]);
  });

  test("an edit sends no email", async () => {
    const invitation = await invited(guildhall, organization);
    await sendDue(guildhall);
    await edit(invitation, { role_ids: [roles.billing], locale: "fr", expires_at: inDays(1) });
    await sendDue(guildhall);
    expect(await deliveriesOf(guildhall, invitation.id)).toHaveLength(1);
    expect(guildhall.mailbox.received.filter(({ to }) => to.includes(invitation.email))).toHaveLength(1);
  });

  test("an email that still waits shows the edited invitation", async () => {
    const invitation = await invited(guildhall, organization, { locale: "en" });
    await edit(invitation, { locale: "de" });
    await sendDue(guildhall);
    const { mail } = await guildhall.mailbox.waitFor(invitation.email);
    expect(mail.html).toContain('lang="de"');
  });

  test("an edit is an event with the changes and the editor", async () => {
    const invitation = await invited(guildhall, organization);
    await edit(invitation, { role_ids: [roles.billing], expires_at: inDays(3) }, asOwner());
    await edit(invitation, { locale: "de" });
    expect((await eventsOf(guildhall, invitation.id)).slice(1)).toMatchObject([
      {
        type: "invitation.updated",
        actor_user_id: owner.user.id,
        organization_id: organization.id,
        data: { changed: ["expires_at", "role_ids"] },
      },
      { type: "invitation.updated", actor_kind: "operator", data: { changed: ["locale"] } },
    ]);
  });

  test("an edited expiry takes effect, whether sooner or later", async () => {
    const [sooner, longer] = [await invited(guildhall, organization), await invited(guildhall, organization)];
    await expiresIn(guildhall, longer.id, 1);
    expect((await edit(longer, { expires_at: inDays(1) })).status).toBe(200);
    await edit(sooner, { expires_at: new Date(Date.now() + 1_000).toISOString() });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await answerByLink(guildhall, sooner, "accept")).toMatchObject(refusal(409, "invitation_expired"));
    expect((await answerByLink(guildhall, longer, "accept")).status).toBe(200);
  });
});

describe("roles that an edit may not give", () => {
  const pointer = { pointer: "/data/attributes/role_ids" };
  const unchanged = async (invitation: Invited) => {
    expect(await attributesOf(invitation)).toMatchObject({ role_ids: [roles.member] });
    expect(await eventTypesOf(guildhall, invitation.id)).toEqual(["invitation.created"]);
  };

  test("an edit may not give roles beyond the editor's own", async () => {
    const recruiter = await buildMember(guildhall, organization, "member");
    const role = await buildRole(guildhall, ["members:manage"]);
    await guildhall.api.post("/api/membership-roles", membershipRole(recruiter.membership.id, role));
    const invitation = await invited(guildhall, organization);
    const api = guildhall.api.as(recruiter.token);
    expect(await edit(invitation, { role_ids: [roles.admin] }, api)).toMatchObject(
      refusal(403, "role_exceeds_own", pointer),
    );
    await unchanged(invitation);
  });

  test("an edit may not keep roles that the editor couldn't have given", async () => {
    const recruiter = await buildMember(guildhall, organization, "member");
    const role = await buildRole(guildhall, ["members:manage"]);
    await guildhall.api.post("/api/membership-roles", membershipRole(recruiter.membership.id, role));
    const invitation = await invited(guildhall, organization, { role_ids: [roles.admin] });
    const api = guildhall.api.as(recruiter.token);
    const answer = await edit(invitation, { expires_at: inDays(300) }, api);
    expect(answer).toMatchObject(refusal(403, "role_exceeds_own"));
  });

  test.each(["the operator", "the owner"])("an edit may not make an owner, even by %s", async (who) => {
    const invitation = await invited(guildhall, organization);
    const by = who === "the owner" ? asOwner() : guildhall.api;
    expect(await edit(invitation, { role_ids: [roles.owner] }, by)).toMatchObject(
      refusal(403, "owner_not_grantable", pointer),
    );
    await unchanged(invitation);
  });

  test("an edit may not give unknown or foreign roles", async () => {
    const invitation = await invited(guildhall, organization);
    const elsewhere = await buildOrganization(guildhall, owner);
    const foreign = await buildRole(guildhall, [], elsewhere.id);
    const globex = await buildPerson(guildhall, { environment: "globex" });
    const beyond = await roleId(guildhall, globex.user.environment_id, "member");
    for (const role of [newId("role"), foreign, beyond, "none"]) {
      for (const by of [guildhall.api, asOwner()]) {
        const answer = await edit(invitation, { role_ids: [roles.member, role] }, by);
        expect(answer).toMatchObject(refusal(404, "not_found", pointer));
      }
    }
    await unchanged(invitation);
  });

  test("an edit may not remove all roles", async () => {
    const invitation = await invited(guildhall, organization);
    expect((await edit(invitation, { role_ids: [] })).status).toBe(422);
    await unchanged(invitation);
  });
});

describe("an edit that is refused", () => {
  test.each([
    ["in the past", -1],
    ["over 365 days away", 366],
  ])("an edit to an expiry %s is refused", async (_, days) => {
    const invitation = await invited(guildhall, organization);
    expect(await edit(invitation, { expires_at: inDays(days) })).toMatchObject(
      refusal(422, "invalid_expires_at", { pointer: "/data/attributes/expires_at" }),
    );
    expect(await eventTypesOf(guildhall, invitation.id)).toEqual(["invitation.created"]);
  });

  test.each([{ expires_at: null }, { expires_at: "soon" }, { locale: "not a tag" }, { role_ids: null }])(
    "an edit of the wrong form is refused: %j",
    async (attributes) => {
      expect((await edit(await invited(guildhall, organization), attributes)).status).toBe(422);
    },
  );

  test.each([
    { email: "other@example.com" },
    { status: "accepted" },
    { message: "Other" },
    { metadata: {} },
    { token_version: 7 },
    { send_mail: true },
  ])("an edit of a fixed attribute is refused: %j", async (attributes) => {
    const answer = await edit(await invited(guildhall, organization), attributes);
    const [name] = Object.keys(attributes);
    expect(answer.status).toBe(422);
    expect(answer.body.errors[0].source.pointer).toBe(`/data/attributes/${name}`);
  });

  test.each(["accepted", "declined", "revoked", "expired"] as const)(
    "an edit of an invitation that is %s is refused",
    async (state) => {
      const invitation = await invited(guildhall, organization);
      if (state === "revoked") await guildhall.api.post(`${invitation.path}/revoke`);
      else if (state === "expired") await expiresIn(guildhall, invitation.id, -1);
      else await answerByLink(guildhall, invitation, state === "accepted" ? "accept" : "decline");
      const before = await attributesOf(invitation);
      for (const attributes of [{ role_ids: [roles.admin] }, { expires_at: inDays(5) }, { locale: "de" }]) {
        expect(await edit(invitation, attributes, asOwner())).toMatchObject(
          refusal(409, `invitation_${state}`),
        );
      }
      expect(await attributesOf(invitation)).toEqual(before);
    },
  );

  test("the invitee can't edit the invitation", async () => {
    const person = await buildPerson(guildhall);
    const invitation = await invited(guildhall, organization, { email: person.user.email });
    const answer = await edit(invitation, { role_ids: [roles.admin] }, guildhall.api.as(person.token));
    expect(answer).toMatchObject(refusal(404, "not_found"));
  });
});

describe("an editor who changes the roles becomes the inviter", () => {
  /** A member who manages members and addresses by a role that `dismiss` takes from them. */
  async function buildRecruiter() {
    const person = await buildMember(guildhall, organization, "member");
    const role = await buildRole(guildhall, ["members:manage", "addresses:manage"]);
    const document = membershipRole(person.membership.id, role);
    const given = await guildhall.api.post("/api/membership-roles", document);
    const dismiss = () => guildhall.api.delete(given.body.data.links.self);
    return { ...person, api: guildhall.api.as(person.token), dismiss };
  }

  test.each(["the operator's", "another member's"])(
    "the invitation is revoked with its editor's right to invite: %s",
    async (whose) => {
      const recruiter = await buildRecruiter();
      const by = whose === "the operator's" ? guildhall.api : asOwner();
      const invitation = await invited(guildhall, organization, { by });
      const addresses = await buildRole(guildhall, ["addresses:manage"]);
      const { body } = await edit(invitation, { role_ids: [addresses] }, recruiter.api);
      expect(body.data.relationships.inviter.data.id).toBe(recruiter.user.id);
      expect((await recruiter.dismiss()).status).toBe(204);
      expect(await attributesOf(invitation)).toMatchObject({ status: "revoked" });
    },
  );

  test("editing expiry or language, or as a program, keeps the inviter", async () => {
    const recruiter = await buildRecruiter();
    const invitation = await invited(guildhall, organization, { by: asOwner() });
    await edit(invitation, { expires_at: inDays(2), locale: "de" }, recruiter.api);
    const { body } = await edit(invitation, { role_ids: [roles.billing] });
    expect(body.data.relationships.inviter.data.id).toBe(owner.user.id);
  });
});

describe("edits at the same moment", { timeout: 60_000 }, () => {
  test("an accept during an edit gives either the old roles or the new ones", async () => {
    for (let round = 0; round < 30; round += 1) {
      const invitation = await invited(guildhall, organization, { role_ids: [roles.admin] });
      const [edited, accepted] = await Promise.all([
        later(10, () => edit(invitation, { role_ids: [roles.billing] })),
        later(10, () => answerByLink(guildhall, invitation, "accept")),
      ]);
      expect(accepted.status).toBe(200);
      const given = edited.status === 200 ? ["billing"] : ["admin"];
      if (edited.status !== 200) expect(edited).toMatchObject(refusal(409, "invitation_accepted"));
      expect(await rolesOf(invitation.email)).toEqual(given);
      expect((await attributesOf(invitation)).role_ids).toEqual([
        edited.status === 200 ? roles.billing : roles.admin,
      ]);
    }
  });

  test("twenty edits at once leave the values of one, with an event for each", async () => {
    const invitation = await invited(guildhall, organization);
    const wanted = [[roles.admin], [roles.billing], [roles.member, roles.billing]];
    const answers = await atOnce(20, (n) => edit(invitation, { role_ids: wanted[n % 3] }));
    expect(statuses(answers)).toEqual({ 200: 20 });
    const { role_ids } = await attributesOf(invitation);
    expect(wanted.map((ids) => [...ids].sort())).toContainEqual(role_ids);
    expect(await eventTypesOf(guildhall, invitation.id)).toHaveLength(21);
  });

  test("an edit doesn't survive if its editor loses the right at the same time", async () => {
    const role = await buildRole(guildhall, ["members:manage", "addresses:manage"]);
    const addresses = await buildRole(guildhall, ["addresses:manage"]);
    for (let round = 0; round < 10; round += 1) {
      const recruiter = await buildMember(guildhall, organization, "member");
      const given = await guildhall.api.post(
        "/api/membership-roles",
        membershipRole(recruiter.membership.id, role),
      );
      const by = guildhall.api.as(recruiter.token);
      const invitation = await invited(guildhall, organization, { by, email: uniqueEmail() });
      const [removed, edited] = await Promise.all([
        later(10, () => guildhall.api.delete(given.body.data.links.self)),
        later(10, () => edit(invitation, { role_ids: [addresses] }, by)),
      ]);
      expect(removed.status).toBe(204);
      expect([200, 403, 404, 409]).toContain(edited.status);
      expect((await attributesOf(invitation)).status).toBe("revoked");
    }
  });
});
