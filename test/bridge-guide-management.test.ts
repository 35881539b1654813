import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { buildOrganization, buildPerson, type Person, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

/** The second half of the Organizations Guide, run like the first in `bridge-guide.test.ts`. */
const guildhall = useGuildhall({ settings: { DEFAULT_ENVIRONMENT: "acme-test" } });
let instance: string;
let jane: Person;
let john: Person;
let organization_id: string;
/** The id of John's membership. */
let member_id: string;

const TIME = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);

beforeAll(async () => {
  instance = guildhall.api.origin;
});

beforeEach(async () => {
  jane = await buildPerson(guildhall, { first_name: "Jane", last_name: "Smith" });
  john = await buildPerson(guildhall, { first_name: "John", last_name: "Doe" });
  organization_id = (await buildOrganization(guildhall, jane)).id;
  member_id = (await addMember(organization_id, { email: john.user.email, role: "billing" })).id;
});

describe("Team Member Management", () => {
  test("the guide's “List Organization Members” works as printed", async () => {
    const response = await fetch(`${instance}/bridge-payment/organizations/${organization_id}/members`, {
      headers: {
        "X-Session-ID": jane.token,
      },
    });

    expect(response.status).toBe(200);
    const beyondTheGuide = { organization_id, user_picture: null, updated_at: TIME };
    expect(await response.json()).toEqual({
      success: true,
      data: [
        {
          ...beyondTheGuide,
          id: expect.stringMatching(/^orguser_/),
          user_id: jane.user.id,
          user_name: "Jane Smith",
          user_first_name: "Jane",
          user_last_name: "Smith",
          user_email: jane.user.email,
          role: "owner",
          roles: ["owner"],
          created_at: TIME,
        },
        {
          ...beyondTheGuide,
          id: member_id,
          user_id: john.user.id,
          user_name: "John Doe",
          user_first_name: "John",
          user_last_name: "Doe",
          user_email: john.user.email,
          role: "billing",
          roles: ["billing"],
          created_at: TIME,
        },
      ],
      meta: { pagination: { total: 2, page: 1, pageSize: 20, totalPages: 1 } },
    });
  });

  test("the guide's “Update Member Role” works as printed", async () => {
    const response = await fetch(
      `${instance}/bridge-payment/organizations/${organization_id}/members/${member_id}`,
      {
        method: "PUT",
        headers: {
          "X-Session-ID": jane.token,
          "Content-Type": "application/json",
        },
        body: JSON.stringify({
          role: "admin",
        }),
      },
    );

    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      success: true,
      data: { id: member_id, organization_id, user_id: john.user.id, role: "admin", roles: ["admin"] },
      message: "Member role updated successfully",
    });
  });

  test("the guide's “Remove Team Member” works as printed", async () => {
    const response = await fetch(
      `${instance}/bridge-payment/organizations/${organization_id}/members/${member_id}`,
      {
        method: "DELETE",
        headers: {
          "X-Session-ID": jane.token,
        },
      },
    );

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ success: true, message: "Member removed successfully" });
    expect(await guildhall.db("memberships").where({ id: member_id })).toEqual([]);
  });

  test("the guide's “Leave Organization” works as printed", async () => {
    const response = await fetch(`${instance}/bridge-payment/organizations/${organization_id}/leave`, {
      method: "POST",
      headers: {
        "X-Session-ID": john.token,
      },
    });

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ success: true, message: "You have left the organization" });
    expect(await guildhall.db("memberships").where({ id: member_id })).toEqual([]);
  });
});

describe("Organization Management", () => {
  test("the guide's “Update Organization Details” works as printed", async () => {
    const business_email = uniqueEmail();
    const response = await fetch(`${instance}/bridge-payment/organizations/${organization_id}`, {
      method: "PUT",
      headers: {
        "X-Session-ID": jane.token,
        "Content-Type": "application/json",
      },
      body: JSON.stringify({
        name: "Acme Corporation Ltd",
        business_email,
        business_phone: "+1-555-0199",
        tax_id: "12-3456789",
        address: "456 New Office Blvd, San Francisco, CA 94105",
      }),
    });

    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      success: true,
      data: {
        id: organization_id,
        name: "Acme Corporation Ltd",
        owner_user_id: jane.user.id,
        business_email,
        business_phone: "+1-555-0199",
        tax_id: "12-3456789",
        address: "456 New Office Blvd, San Francisco, CA 94105",
      },
    });
  });

  test("the guide's “Delete Organization” works as printed", async () => {
    const response = await fetch(`${instance}/bridge-payment/organizations/${organization_id}`, {
      method: "DELETE",
      headers: {
        "X-Session-ID": jane.token,
      },
    });

    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      success: true,
      message: "Organization deleted successfully",
    });
  });
});

/** What the use cases call without showing it. */
async function createOrganization(details: object) {
  const answer = await guildhall.api.as(jane.token).post("/bridge-payment/organizations", details);
  expect(answer.status).toBe(201);
  return answer.body.data;
}

async function addMember(id: string, member: { email: string; role: string }) {
  const path = `/bridge-payment/organizations/${id}/members`;
  const answer = await guildhall.api.as(jane.token).post(path, member);
  expect(answer.status).toBe(201);
  return answer.body.data;
}

describe("Common Use Cases", () => {
  test("the guide's “Multi-Team Company” works as described", async () => {
    const engineering = await createOrganization({
      name: "Acme - Engineering Team",
      business_email: uniqueEmail(),
    });

    const marketing = await createOrganization({
      name: "Acme - Marketing Team",
      business_email: uniqueEmail(),
    });

    // Each team manages their own subscriptions and payments
    const total_cents = 4_900;
    const subscription = { organization_id: engineering.id, total_cents };
    const api = guildhall.api.as(jane.token);
    const { body } = await api.post("/bridge-payment/subscriptions", subscription);
    const listed = async (id: string) =>
      (await api.get(`/bridge-payment/subscriptions?organization_id=${id}`)).body.data;
    expect(await listed(engineering.id)).toMatchObject([{ id: body.data.id, total_cents }]);
    expect(await listed(marketing.id)).toEqual([]);
  });

  test("the guide's “Agency with Multiple Clients” works as described", async () => {
    const clientA = await createOrganization({
      name: "Client A - Managed Services",
      business_email: uniqueEmail(),
      tax_id: "client-a-tax-id",
    });

    // Invite client's finance team as billing members
    await addMember(clientA.id, {
      email: john.user.email,
      role: "billing",
    });

    expect(await rolesIn(clientA.id)).toEqual(["owner", "billing"]);
  });

  test("the guide's “Startup with Growing Team” works as described", async () => {
    const [cto, finance, developer] = [await email(), await email(), await email()];
    // Start with owner
    const startup = await createOrganization({
      name: "Tech Startup Inc",
      business_email: uniqueEmail(),
    });

    // Add CTO as admin
    await addMember(startup.id, {
      email: cto,
      role: "admin",
    });

    // Add finance manager as billing
    await addMember(startup.id, {
      email: finance,
      role: "billing",
    });

    // Add developers as members (read-only)
    await addMember(startup.id, {
      email: developer,
      role: "member",
    });

    expect(await rolesIn(startup.id)).toEqual(["owner", "admin", "billing", "member"]);
  });
});

async function rolesIn(id: string): Promise<string[]> {
  const { body } = await guildhall.api.as(jane.token).get(`/bridge-payment/organizations/${id}/members`);
  return body.data.map(({ role }: { role: string }) => role);
}

async function email(): Promise<string> {
  return (await buildPerson(guildhall)).user.email;
}
