import { beforeAll, describe, expect, test } from "vitest";
import type { Organization } from "../src/models/organization.ts";
import { rowsOf, runBatches, sendBatch, sendCsv, taken } from "./support/batches.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  invite,
  type Person,
  unique,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import {
  answerByLink,
  eventTypesOf,
  expiresIn,
  invited,
  letCoolDown,
  linkToken,
  openLink,
  sendDue,
} from "./support/invitations.ts";
import { tokenIn } from "./support/mailbox.ts";
import { linkTo } from "./support/one-of-everything.ts";
import { refusal } from "./support/refusal.ts";
import { buildRole } from "./support/roles.ts";

const guildhall = useGuildhall();
let owner: Person;
let organization: Organization;

beforeAll(async () => {
  owner = await buildPerson(guildhall);
  organization = await buildOrganization(guildhall, owner);
});

const statusOf = async (id: string) => (await guildhall.db("invitations").where({ id }).first()).status;

/** The members' addresses. */
const members = ({ id }: Organization): Promise<string[]> =>
  guildhall
    .db("memberships")
    .join("users", "users.id", "user_id")
    .where({ organization_id: id })
    .pluck("users.email");

/** Makes a person a member without an invitation. @returns the membership's path. */
async function add({ user }: Person): Promise<string> {
  const relationships = {
    user: linkTo("user", user.id),
    organization: linkTo("organization", organization.id),
  };
  const { body } = await guildhall.api.post("/api/memberships", {
    data: { type: "membership", relationships },
  });
  return body.data.links.self;
}

test("a link makes the invited address a member, whoever is signed in", async () => {
  const other = await buildPerson(guildhall);
  const { id, email } = await invited(guildhall, organization);
  const meta = { token: linkToken(guildhall, id) };
  const answer = await guildhall.api.as(other.token).post(`/api/invitations/${id}/accept`, { meta });
  expect(answer.status).toBe(200);
  expect(await members(organization)).toContain(email);
  expect(await members(organization)).not.toContain(other.user.email);
});

test("no way to invite gives a role beyond the inviter's own", async () => {
  const team = await buildOrganization(guildhall, owner, { member_management: "owner_and_admins" });
  const admin = await buildMember(guildhall, team, "admin");
  const api = guildhall.api.as(admin.token);
  const role = await buildRole(guildhall, ["organization:delete"]);
  const refused = refusal(403, "role_exceeds_own");
  const role_ids = [role];
  const document = invitationTo(team.id, uniqueEmail(), { role_ids });
  expect(await api.post("/api/invitations", document)).toMatchObject(refused);
  const own = await invited(guildhall, team, { by: api });
  const edit = { data: { type: "invitation", id: own.id, attributes: { role_ids } } };
  expect(await api.patch(own.path, edit)).toMatchObject(refused);
  const beyond = await invited(guildhall, team, { role_ids });
  await letCoolDown(guildhall, beyond.id);
  expect(await api.post(`${beyond.path}/resend`)).toMatchObject(refused);
  const query = `organization=${team.id}`;
  const batches = [
    await sendBatch(api, team, [{ email: uniqueEmail(), role_ids }]),
    taken(await sendCsv(api, `email,roles\n${uniqueEmail()},${role}`, query)),
  ];
  await runBatches(guildhall);
  for (const batch of batches)
    expect(await rowsOf(guildhall, batch)).toMatchObject([
      {
        code: "role_exceeds_own",
        detail: expect.stringMatching(/yourself: [a-z_]+:[a-z]+(, [a-z_]+:[a-z]+)*\.$/),
      },
    ]);
  expect(await guildhall.db("invitation_roles").where({ role_id: role }).pluck("invitation_id")).toEqual([
    beyond.id,
  ]);
});

describe("addresses that look alike are different people:", () => {
  const word = unique("host").replaceAll("-", "");
  test.each([
    ["an accent", `jane@${word}bucher.example`, `jane@${word}bücher.example`],
    ["a dotless i", `jane@${word}github.example`, `jane@${word}gıthub.example`],
    ["a letter of another alphabet", `jane@${word}apple.example`, `jane@${word}аpple.example`],
    ["a sharp s", `jane@${word}strasse.example`, `jane@${word}straße.example`],
    ["a plus", `jane@${word}.example`, `jane+work@${word}.example`],
    ["a dot", `janedoe@${word}.example`, `jane.doe@${word}.example`],
  ])("%s", async (_, plain, lookalike) => {
    const attacker = await buildPerson(guildhall, { email: lookalike });
    const { id } = await invited(guildhall, organization, { email: plain });
    await sendDue(guildhall);
    const { to } = await guildhall.mailbox.waitFor(plain);
    expect(to).toEqual([plain]);
    const answer = await guildhall.api.as(attacker.token).post(`/api/invitations/${id}/accept`);
    expect(answer).toMatchObject(refusal(404, "not_found"));
    expect((await invite(guildhall, organization, lookalike)).status).toBe(201);
    expect(await statusOf(id)).toBe("pending");
  });
});

test("joining leaves other people's invitations as they are", async () => {
  const person = await buildPerson(guildhall);
  const elsewhere = await buildOrganization(guildhall, owner);
  const own = await invited(guildhall, organization, { email: person.user.email });
  const others = await Promise.all([
    invited(guildhall, elsewhere, { email: person.user.email }),
    invited(guildhall, organization, { email: `x${person.user.email}` }),
    invited(guildhall, organization, { email: person.user.email.replace("@", "+x@") }),
    invited(guildhall, organization, { email: person.user.email.replace("example.com", "example.org") }),
  ]);
  await guildhall.api.delete(await add(person));
  expect(await statusOf(own.id)).toBe("revoked");
  expect(await Promise.all(others.map(({ id }) => statusOf(id)))).toEqual(Array(4).fill("pending"));
});

test("a removed member doesn't come back by an old link", async () => {
  const person = await buildPerson(guildhall);
  const accepted = await invited(guildhall, organization, { email: person.user.email });
  expect((await answerByLink(guildhall, accepted, "accept")).status).toBe(200);
  const [membership] = await guildhall
    .db("memberships")
    .where({ organization_id: organization.id, user_id: person.user.id });
  await guildhall.api.delete(`/api/memberships/${membership.id}`);

  const forgotten = await invited(guildhall, organization, { email: person.user.email });
  await guildhall.api.delete(await add(person));

  for (const { id } of [accepted, forgotten]) {
    expect((await answerByLink(guildhall, { id }, "accept")).status).toBe(409);
    const path = `/api/invitations/${id}/accept`;
    expect((await guildhall.api.as(person.token).post(path)).status).toBe(409);
    const body = new URLSearchParams({ token: linkToken(guildhall, id) });
    await fetch(`${guildhall.api.origin}/invitations/${id}/accept`, { method: "POST", body });
  }
  expect(await members(organization)).not.toContain(person.user.email);
});

describe("nobody learns whether an address has an account:", () => {
  /** One that has an account and is a member elsewhere, and one that has none. */
  async function both() {
    const known = await buildPerson(guildhall, {
      first_name: "Grace",
      picture: "https://cdn.example/grace.png",
    });
    await buildOrganization(guildhall, known);
    return [known.user.email, uniqueEmail()];
  }
  /** Without the parts that differ between any two invitations. */
  const plain = (text: string, id: string, email: string) =>
    text
      .replaceAll(id, "ID")
      .replaceAll(email, "EMAIL")
      .replace(/\/([iu])\/[\w-]+/g, "/$1/TOKEN")
      .replace(/(csrf" value=")[^"]+/g, "$1CSRF")
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME");

  test("the inviter, the email and the page don't reveal who has an account", async () => {
    const seen = [];
    for (const email of await both()) {
      const { status, body } = await invite(
        { ...guildhall, api: guildhall.api.as(owner.token) },
        organization,
        email,
      );
      const { id } = body.data;
      await sendDue(guildhall);
      const { mail } = await guildhall.mailbox.waitFor(email);
      const { page } = await openLink(guildhall, id);
      const texts = [JSON.stringify(body), mail.subject, mail.html, mail.text, page];
      seen.push([status, ...texts.map((text) => plain(text ?? "", id, email))]);
    }
    expect(seen[0]).toEqual(seen[1]);
  });

  test("an outsider can't tell an existing invitation from an unknown one", async () => {
    const outsider = guildhall.api.as((await buildPerson(guildhall)).token);
    const { id } = await invited(guildhall, organization);
    const answersFor = async (one: string) => {
      const path = `/api/invitations/${one}`;
      const answers = [
        await outsider.get(path),
        await outsider.get(`/api/deliveries?filter[invitation]=${one}`),
        await outsider.patch(path, { data: { type: "invitation", id: one, attributes: { locale: "de" } } }),
        ...(await Promise.all(
          ["accept", "decline", "revoke", "resend", "link"].map((action) =>
            outsider.post(`${path}/${action}`),
          ),
        )),
        await guildhall.api.as(null).post(`${path}/accept`, { meta: { token: "x" } }),
      ];
      return answers.map(({ status, body }) => [
        status,
        body.errors?.map(({ code, detail }: { code: string; detail: string }) => [code, detail]) ?? body.data,
      ]);
    };
    expect(await answersFor(id)).toEqual(await answersFor("inv_01h2xcejqtf2nbrexx3vqjhp41"));
  });
});

describe("an address is invited again with a new link", () => {
  const ends: Array<[state: string, end: (id: string, email: string) => Promise<unknown>]> = [
    ["declined", (id) => answerByLink(guildhall, { id }, "decline")],
    ["revoked", (id) => guildhall.api.post(`/api/invitations/${id}/revoke`)],
    ["expired", (id) => expiresIn(guildhall, id, -1)],
    [
      "accepted",
      async (id) => {
        const { body } = await answerByLink(guildhall, { id }, "accept");
        await guildhall.api.delete(`/api/memberships/${body.data.relationships.membership.data.id}`);
      },
    ],
  ];

  test.each(ends)(
    "an address can be invited with a new link after its invitation was %s",
    async (state, end) => {
      const first = await invited(guildhall, organization);
      await end(first.id, first.email);
      const second = await invited(guildhall, organization, { email: first.email });
      await sendDue(guildhall);
      const mails = guildhall.mailbox.received.filter(({ to }) => to.includes(first.email));
      expect(tokenIn(mails.at(-1) ?? (await guildhall.mailbox.waitFor(first.email)))).toBe(
        linkToken(guildhall, second.id),
      );
      expect((await answerByLink(guildhall, first, "decline")).body.data?.attributes.status ?? state).toBe(
        state,
      );
      expect((await answerByLink(guildhall, second, "accept")).status).toBe(200);
      expect(await members(organization)).toContain(first.email);
      expect((await guildhall.api.get(first.path)).body.data.attributes.status).toBe(state);
      expect(await eventTypesOf(guildhall, first.id)).toEqual(["invitation.created", `invitation.${state}`]);
    },
  );
});
