import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { buildOrganization, buildPerson, type Person, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

/**
 * The snippets of the Organizations Guide in order, each run as it is printed except for the host, ids, sessions and
 * addresses; after each, the response that the guide prints.
 */
const guildhall = useGuildhall({ settings: { DEFAULT_ENVIRONMENT: "acme-test" } });
let instance: string;
let jane: Person;
let john: Person;
let organization_id: string;

const TIME = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
const isId = (prefix: string) => expect.stringMatching(new RegExp(`^${prefix}_[0-9a-z]{26}$`));

beforeAll(async () => {
  instance = guildhall.api.origin;
});

beforeEach(async () => {
  jane = await buildPerson(guildhall, { first_name: "Jane", last_name: "Smith" });
  john = await buildPerson(guildhall, { first_name: "John", last_name: "Doe" });
  const business_email = uniqueEmail();
  organization_id = (await buildOrganization(guildhall, jane, { name: "Acme Corporation", business_email }))
    .id;
});

describe("Getting Started", () => {
  test("the guide's “Create an Organization” works as printed", async () => {
    const business_email = uniqueEmail();
    const response = await fetch(`${instance}/bridge-payment/organizations`, {
      method: "POST",
      headers: {
        "X-Session-ID": jane.token,
        "Content-Type": "application/json",
      },
      body: JSON.stringify({
        name: "Acme Corporation",
        business_email,
        business_phone: "+1-555-0123",
        tax_id: "12-3456789",
        address: "123 Business St, Suite 100, San Francisco, CA 94105",
      }),
    });

    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      success: true,
      data: {
        id: isId("org"),
        name: "Acme Corporation",
        owner_user_id: jane.user.id,
        business_email,
        business_phone: "+1-555-0123",
        tax_id: "12-3456789",
        address: "123 Business St, Suite 100, San Francisco, CA 94105",
        created_at: TIME,
        updated_at: TIME,
        // Beyond the guide.
        country: null,
        picture: null,
        metadata: {},
        member_management: "owner",
      },
    });
  });

  test("the guide's “List Your Organizations” works as printed", async () => {
    const startup = await buildOrganization(guildhall, john, { name: "Tech Startup Inc" });
    await addMember(john, startup.id, { email: jane.user.email, role: "admin" });

    const response = await fetch(`${instance}/bridge-payment/organizations`, {
      headers: {
        "X-Session-ID": jane.token,
      },
    });

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      success: true,
      data: [
        {
          id: organization_id,
          name: "Acme Corporation",
          role: "owner",
          roles: ["owner"],
          business_email: expect.any(String),
          created_at: TIME,
        },
        {
          id: startup.id,
          name: "Tech Startup Inc",
          role: "admin",
          roles: ["admin"],
          business_email: null,
          created_at: TIME,
        },
      ],
      meta: { pagination: { total: 2, page: 1, pageSize: 20, totalPages: 1 } },
    });
  });

  test("the guide's “Invite Team Members” works as printed", async () => {
    const response = await fetch(`${instance}/bridge-payment/organizations/${organization_id}/members`, {
      method: "POST",
      headers: {
        "X-Session-ID": jane.token,
        "Content-Type": "application/json",
      },
      body: JSON.stringify({
        email: john.user.email,
        role: "billing",
      }),
    });

    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({
      success: true,
      data: {
        id: isId("orguser"),
        organization_id,
        user_id: john.user.id,
        role: "billing",
        created_at: TIME,
      },
      message: "Member added successfully",
    });
  });
});

describe("Managing Organization Resources", () => {
  test("the guide's “Create Organization Subscription” works as printed", async () => {
    const customer = await guildhall.api
      .as(jane.token)
      .post("/bridge-payment/customers", { organization_id, email: uniqueEmail() });

    const response = await fetch(`${instance}/bridge-payment/subscriptions`, {
      method: "POST",
      headers: {
        "X-Session-ID": jane.token,
        "Content-Type": "application/json",
      },
      body: JSON.stringify({
        organization_id, // ✅ Associate with organization
        customer_id: customer.body.data.id,
        total_cents: 49999,
        currency: "USD",
        billing_interval: "monthly",
        description: "Team Plan Subscription",
      }),
    });

    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({
      success: true,
      data: {
        id: isId("sub"),
        user_id: jane.user.id,
        organization_id,
        customer_id: customer.body.data.id,
        total_cents: 49999,
        currency: "USD",
        billing_interval: "monthly",
        description: "Team Plan Subscription",
      },
    });
  });

  test("the guide's “Create Organization Payment Method” works as printed", async () => {
    const response = await fetch(`${instance}/bridge-payment/payment-methods`, {
      method: "POST",
      headers: {
        "X-Session-ID": jane.token,
        "Content-Type": "application/json",
      },
      body: JSON.stringify({
        organization_id, // ✅ Associate with organization
        type: "card",
        card_token: "tok_visa_4242",
        is_default: true,
      }),
    });

    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({
      success: true,
      data: { id: isId("pm"), user_id: jane.user.id, organization_id, type: "card", is_default: true },
    });
  });

  test("a billing member can create a payment", async () => {
    await addMember(jane, organization_id, { email: john.user.email, role: "billing" });

    const response = await fetch(`${instance}/bridge-payment/payments/intents`, {
      method: "POST",
      headers: {
        "X-Session-ID": john.token,
        "Content-Type": "application/json",
      },
      body: JSON.stringify({
        organization_id, // ✅ Has permission
        total_cents: 10000,
        currency: "USD",
        description: "Invoice Payment",
      }),
    });
    // ✅ Success - Billing role can manage payments

    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({
      success: true,
      data: {
        id: isId("pay"),
        user_id: john.user.id,
        organization_id,
        total_cents: 10000,
        currency: "USD",
        description: "Invoice Payment",
      },
    });
  });

  test("a member with only the role member can't create a payment", async () => {
    await addMember(jane, organization_id, { email: john.user.email, role: "member" });

    const response = await fetch(`${instance}/bridge-payment/payments/intents`, {
      method: "POST",
      headers: {
        "X-Session-ID": john.token,
        "Content-Type": "application/json",
      },
      body: JSON.stringify({
        organization_id,
        total_cents: 10000,
        currency: "USD",
      }),
    });
    // ❌ 403 Forbidden - Member role cannot manage payments

    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({
      success: false,
      error: "You don't have permission to perform this action",
      code: "forbidden",
      request_id: response.headers.get("X-Request-Id"),
    });
    expect(await guildhall.db("payments").where({ organization_id })).toEqual([]);
  });
});

async function addMember(by: Person, id: string, member: { email: string; role: string }) {
  const path = `/bridge-payment/organizations/${id}/members`;
  const { status, body } = await guildhall.api.as(by.token).post(path, member);
  expect(status).toBe(201);
  return body.data;
}
