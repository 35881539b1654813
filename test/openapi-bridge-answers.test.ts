import { beforeAll, describe, expect, test } from "vitest";
import { allBridgeEndpoints } from "../src/bridge/all-bridge-endpoints.ts";
import type { Api, ApiAnswer } from "./support/api.ts";
import { bridgeProblems, checkBridge, operationAt } from "./support/bridge-problems.ts";
import { buildPerson, type Person } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

function exampleFor(operation: string): object {
  const endpoint = allBridgeEndpoints.find(({ operationId }) => operationId === operation);
  return { ...(endpoint?.body?.example?.() as object) };
}

describe("every answer of the Bridge API", () => {
  const guildhall = useGuildhall();
  let owner: Person;
  let member: Person;
  const seen = new Set<string | undefined>();

  beforeAll(async () => {
    guildhall.context.limiter.count = () => {};
    owner = await buildPerson(guildhall, { first_name: "Ada", last_name: "Lovelace" });
    member = await buildPerson(guildhall);
  });

  /** Sends a request, and checks the answer against the document. @returns its `data`. */
  async function ask(
    method: "get" | "post" | "put" | "patch" | "delete",
    path: string,
    body?: object,
    api: Api = guildhall.api.as(owner.token),
    expected = 200,
  ) {
    const url = `/bridge-payment${path}`;
    const answer: ApiAnswer =
      method === "get" || method === "delete" ? await api[method](url) : await api[method](url, body);
    expect(answer.status, `${method} ${url} ${JSON.stringify(answer.body)}`).toBe(expected);
    expect(bridgeProblems(method, url, answer), `${method} ${url}`).toEqual([]);
    if (expected < 300) seen.add(operationAt(method, url)?.operationId);
    return answer.body.data;
  }

  /** Creates one with all its fields, and one with only the required ones. */
  async function makeTwo(path: string, full: object, least: object) {
    const { id } = await ask("post", path, full, undefined, 201);
    await ask("post", path, least, undefined, 201);
    return String(id);
  }

  test("is as documented, whatever is created and done", async () => {
    const { id } = await ask("post", "/organizations", { name: "Acme" }, undefined, 201);
    const organization = `/organizations/${id}`;
    await ask("get", "/organizations");
    await ask("get", organization);
    await ask("put", organization, { picture: "https://acme.example/logo.png", metadata: { deep: [1] } });
    const added = { email: member.user.email, role: "billing" };
    const { id: memberId } = await ask("post", `${organization}/members`, added, undefined, 201);
    await ask("get", `${organization}/members?role=owner`);
    await ask("put", `${organization}/members/${memberId}`, { role: "admin" });

    const owned = { organization_id: id };
    const address = await makeTwo(
      "/addresses",
      { ...owned, ...exampleFor("bridgeCreateAddress"), organization_id: id, email: "a@acme.example" },
      { country: "GB", is_partial: true },
    );
    const customer = await makeTwo(
      "/customers",
      { email: "office@acme.example", first_name: "Ada", ...owned },
      { email: "ada@acme.example" },
    );
    const card = { type: "card", provider_payment_method_token: "pm_1" };
    const method = await makeTwo(
      "/payment-methods",
      {
        ...exampleFor("bridgeCreatePaymentMethod"),
        ...owned,
        customer_id: customer,
        billing_address_id: address,
      },
      card,
    );
    const links = { ...owned, customer_id: customer, payment_method_id: method };
    const subscription = await makeTwo(
      "/subscriptions",
      { ...links, billing_address_id: address, subtotal_cents: 1_000, tax_cents: 190, trial_days: 14 },
      { total_cents: 0 },
    );
    const payment = await makeTwo(
      "/payments/intents",
      { ...links, total_cents: 1_190, return_url: "https://acme.example", setup_future_usage: "on_session" },
      { total_cents: 1 },
    );

    const kinds = {
      addresses: address,
      customers: customer,
      "payment-methods": method,
      subscriptions: subscription,
    };
    for (const [path, one] of Object.entries({ ...kinds, payments: payment })) {
      await ask("get", `/${path}`);
      await ask("get", `/${path}?organization_id=${id}&limit=1`);
      await ask("get", `/${path}/${one}`);
      await ask("get", `/${path}/${one}`, undefined, guildhall.api);
      await ask("get", `/${path}/nothing`, undefined, undefined, 404);
      await ask("get", `/${path}?unknown=1`, undefined, undefined, 400);
    }
    for (const [path, one] of Object.entries(kinds))
      await ask("put", `/${path}/${one}`, { metadata: { a: 1 } });
    for (const path of ["addresses", "payment-methods"] as const)
      await ask("post", `/${path}/${kinds[path]}/set-default`);
    for (const path of ["subscriptions", "payment-methods"] as const)
      await ask("patch", `/${path}/${kinds[path]}/billing-address`, { billing_address_id: null });

    await ask("post", `/subscriptions/${subscription}/sync`, { status: "active" }, guildhall.api);
    await ask("post", `/subscriptions/${subscription}/cancel`, {
      cancel_at_period_end: false,
      reason: "Done",
    });
    await ask("put", `/subscriptions/${subscription}`, { metadata: {} }, undefined, 409);
    const intent = `/payments/intents/${payment}`;
    await ask("put", intent, { description: "One day" });
    await ask("post", `${intent}/confirm`);
    await ask("post", `${intent}/sync`);
    const failed = { status: "failed", failure_reason: "Declined", provider_payment_id: "pi_1" };
    await ask("post", `${intent}/sync`, failed, guildhall.api);
    await ask("delete", `/payment-methods/${method}`);
    await ask("delete", `/customers/${customer}`);
    await ask("delete", `/addresses/${address}`);

    await ask("post", `${organization}/deletion-preview`);
    await ask("post", `${organization}/transfer-ownership`, { user_id: member.user.id });
    await ask("post", `${organization}/leave`);
    const next = guildhall.api.as(member.token);
    const again = { email: owner.user.email };
    const { id: oldOwner } = await ask("post", `${organization}/members`, again, next, 201);
    await ask("delete", `${organization}/members/${oldOwner}`, undefined, next);
    await ask("delete", organization, undefined, next);
    await ask("get", `${organization}/deletion`, undefined, next);

    expect([...seen].sort()).toEqual(allBridgeEndpoints.map(({ operationId }) => operationId).sort());
  });

  test("is as documented if it is a refusal", async () => {
    const { id } = await ask("post", "/organizations", { name: "Acme" }, undefined, 201);
    const api = guildhall.api.as(owner.token);
    await ask("post", "/organizations", { nam: "Acme", tax_id: 7 }, undefined, 422);
    await ask("post", "/organizations", { name: "4242 4242 4242 4242" }, undefined, 422);
    await ask("get", `/organizations/${id}`, undefined, guildhall.api.as(member.token), 403);
    await ask("get", `/organizations/${id}`, undefined, guildhall.api, 403);
    await ask("get", "/organizations", undefined, guildhall.api.as(null), 401);
    await ask("post", `/organizations/${id}/leave`, undefined, undefined, 400);
    const [me] = await ask("get", `/organizations/${id}/members`);
    await ask("delete", `/organizations/${id}/members/${me.id}`, undefined, undefined, 400);
    const nobody = { email: "nobody@acme.example" };
    await ask("post", `/organizations/${id}/members`, nobody, undefined, 404);
    await ask("post", `/organizations/${id}/members`, { email: owner.user.email }, undefined, 409);
    const url = "/bridge-payment/organizations";
    const wrongType = await api.post(url, "{}", { "Content-Type": "text/plain" });
    const tooLarge = await api.post(url, { name: "x".repeat(70_000) });
    const notThere = await api.get("/bridge-payment/nothing");
    const notKnown = await api.patch(url, {});
    const answers = [wrongType, tooLarge, notThere, notKnown];
    expect(answers.map(({ status }) => status)).toEqual([415, 413, 404, 405]);
    expect(bridgeProblems("POST", url, wrongType)).toEqual([]);
    expect(bridgeProblems("POST", url, tooLarge)).toEqual([]);
    expect(bridgeProblems("GET", "/bridge-payment/nothing", notThere)).toEqual([]);
    expect(bridgeProblems("PATCH", url, notKnown)).toEqual([]);
    const wrongCode = { ...notThere, body: { ...notThere.body, code: "already_member" } };
    expect(bridgeProblems("GET", url, wrongCode)).toEqual(["already_member is not documented with 404"]);
  });

  test("that isn't as documented is reported", async () => {
    const url = "/bridge-payment/organizations";
    const answer = await guildhall.api.as(owner.token).get(url);
    answer.body.data[0].secret = "x";
    delete answer.body.meta.pagination.total;
    expect(bridgeProblems("GET", url, answer)).toHaveLength(2);
    expect(bridgeProblems("GET", url, { ...answer, status: 418 }).at(-1)).toContain("documents no 418");
    const text = async () => JSON.stringify(answer.body);
    const exchange = { method: "GET", url, sent: undefined, status: 200, headers: answer.headers, text };
    await expect(checkBridge(exchange)).rejects.toThrow(/is not as documented:\n- .*secret/);
  });
});
