import { beforeAll, describe, expect, test } from "vitest";
import type { Organization } from "../src/models/organization.ts";
import { rowsOf, runBatches, sendBatch } from "./support/batches.ts";
import { buildOrganization, buildPerson, invitationTo, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { answerByLink, invited } from "./support/invitations.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();
let organization: Organization;

beforeAll(async () => {
  organization = await buildOrganization(guildhall, await buildPerson(guildhall));
});

const MARY = { first_name: "Mary", last_name: "Somerville" };

async function nameOf(email: string) {
  const { first_name, last_name } = await guildhall.db("users").where({ email }).first();
  return { first_name, last_name };
}

describe("the name in an invitation", () => {
  test("an invitation's name is read back trimmed, or null", async () => {
    const answer = await guildhall.api.post(
      "/api/invitations",
      invitationTo(organization.id, uniqueEmail(), { first_name: "  Mary ", last_name: "Somerville" }),
    );
    expect(answer).toMatchObject({ status: 201, body: { data: { attributes: MARY } } });
    const read = await guildhall.api.get(answer.body.data.links.self);
    expect(read.body.data.attributes).toMatchObject(MARY);
    const { path } = await invited(guildhall, organization);
    const { attributes } = (await guildhall.api.get(path)).body.data;
    expect(attributes).toMatchObject({ first_name: null, last_name: null });
  });

  test.each([
    ["first_name", "a".repeat(101)],
    ["last_name", "two\nlines"],
    ["first_name", " "],
  ])("an invitation's name that doesn't fit a user is refused: %s %j", async (name, value) => {
    const document = invitationTo(organization.id, uniqueEmail(), { [name]: value });
    const answer = await guildhall.api.post("/api/invitations", document);
    expect(answer).toMatchObject(refusal(422, "invalid_attribute"));
    expect(answer.body.errors[0].source).toEqual({ pointer: `/data/attributes/${name}` });
  });

  test("a batch row's name becomes its invitation's", async () => {
    const email = uniqueEmail();
    const id = await sendBatch(guildhall.api, organization, [{ email, ...MARY }]);
    await runBatches(guildhall);
    const [{ invitation_id }] = await rowsOf(guildhall, id);
    const { body } = await guildhall.api.get(`/api/invitations/${invitation_id}`);
    expect(body.data.attributes).toMatchObject({ email, ...MARY });
  });

  test("a user created by accepting gets the invitation's name", async () => {
    const invitation = await invited(guildhall, organization, MARY);
    expect(await answerByLink(guildhall, invitation, "accept")).toMatchObject({ status: 200 });
    expect(await nameOf(invitation.email)).toEqual(MARY);
  });

  test.each(["link", "program"])(
    "a user without a name gets the invitation's on acceptance by the %s",
    async (by) => {
      const { user } = await buildPerson(guildhall);
      await guildhall.db("users").where({ id: user.id }).update({ first_name: null, last_name: null });
      const invitation = await invited(guildhall, organization, { email: user.email, ...MARY });
      const answer =
        by === "link"
          ? await answerByLink(guildhall, invitation, "accept")
          : await guildhall.api.post(`${invitation.path}/accept`, { meta: { user_id: user.id } });
      expect(answer.status).toBe(200);
      expect(await nameOf(user.email)).toEqual(MARY);
    },
  );

  test.each(["link", "program"])(
    "accepting keeps a user's own name, even half of one: by the %s",
    async (by) => {
      const { user } = await buildPerson(guildhall);
      const own = { first_name: null, last_name: "Own" };
      await guildhall.db("users").where({ id: user.id }).update(own);
      const invitation = await invited(guildhall, organization, { email: user.email, ...MARY });
      const answer =
        by === "link"
          ? await answerByLink(guildhall, invitation, "accept")
          : await guildhall.api.post(`${invitation.path}/accept`, { meta: { user_id: user.id } });
      expect(answer.status).toBe(200);
      expect(await nameOf(user.email)).toEqual(own);
    },
  );

  test("declining an invitation creates no name", async () => {
    const { user } = await buildPerson(guildhall);
    await guildhall.db("users").where({ id: user.id }).update({ first_name: null, last_name: null });
    const invitation = await invited(guildhall, organization, { email: user.email, ...MARY });
    expect(await answerByLink(guildhall, invitation, "decline")).toMatchObject({ status: 200 });
    expect(await nameOf(user.email)).toEqual({ first_name: null, last_name: null });
  });
});
