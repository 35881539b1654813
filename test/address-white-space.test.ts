import { beforeAll, expect, test } from "vitest";
import type { Organization } from "../src/models/organization.ts";
import { rowsOf, runBatches, sendBatch } from "./support/batches.ts";
import {
  buildOrganization,
  buildPerson,
  invitationTo,
  type Person,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();
let owner: Person;
let organization: Organization;

beforeAll(async () => {
  owner = await buildPerson(guildhall);
  organization = await buildOrganization(guildhall, owner);
});

const post = (type: string, email: string, attributes = {}) =>
  guildhall.api.post(`/api/${type}s`, { data: { type, attributes: { email, ...attributes } } });

/** Sends an address to each endpoint, which returns the address it stored. */
const TAKEN: Record<string, (email: string) => Promise<unknown>> = {
  async invitations(email) {
    const { body } = await guildhall.api.post("/api/invitations", invitationTo(organization.id, email));
    return body.data?.attributes.email;
  },
  async "rows of batches"(email) {
    const id = await sendBatch(guildhall.api, organization, [{ email }]);
    await runBatches(guildhall);
    const [{ invitation_id }] = await rowsOf(guildhall, id);
    return (await guildhall.db("invitations").where({ id: invitation_id }).first())?.email;
  },
  users: async (email) => (await post("user", email)).body.data?.attributes.email,
  suppressions: async (email) =>
    (await post("suppression", email, { reason: "opted_out" })).body.data?.attributes.email,
  async "members over the Bridge API"(email) {
    await buildPerson(guildhall, { email: email.trim() });
    const path = `/bridge-payment/organizations/${organization.id}/members`;
    const { status, body } = await guildhall.api.as(owner.token).post(path, { email });
    return status === 201 ? email.trim() : body;
  },
};

test.each(Object.entries(TAKEN))(
  "%s accept an address with surrounding white space, without keeping it",
  async (_, take) => {
    const email = uniqueEmail();
    expect(await take(` \t${email}\u00a0\n`)).toBe(email);
  },
);
