import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allBridgeEndpoints } from "../src/bridge/all-bridge-endpoints.ts";
import { BRIDGE_WALK } from "../src/docs/bridge-walk.ts";
import { BRIDGE_ERROR_CODES } from "../src/openapi/bridge-error-codes.ts";
import { bridgeOperationId } from "../src/openapi/bridge-operation-id.ts";
import { codesIn } from "../src/openapi/error-responses.ts";
import { PERMISSIONS, SYSTEM_ROLES } from "../src/permissions.ts";
import { buildPerson } from "./support/builders.ts";
import { type DocsPage, readDocsPage, runPrinted, walkThrough } from "./support/docs-page.ts";
import { type Guildhall, OPERATOR_TOKEN, startGuildhall } from "./support/guildhall.ts";
import { readCurl } from "./support/shell.ts";

let guildhall: Guildhall;
let page: DocsPage;

beforeAll(async () => {
  guildhall = await startGuildhall();
  guildhall.context.limiter.count = () => {};
  for (const name of ["mary", "grace"]) await buildPerson(guildhall, { email: `${name}@acme.example` });
  page = await readDocsPage(`${guildhall.api.origin}/docs/bridge`);
});
afterAll(() => guildhall.stop());

/** What the page asks its reader to set, as for somebody who just began. */
async function newcomer(): Promise<Record<string, string>> {
  const { token } = await buildPerson(guildhall);
  return {
    GUILDHALL: guildhall.api.origin,
    ENVIRONMENT: "acme-test",
    SESSION: token,
    TOKEN: OPERATOR_TOKEN,
  };
}

/** The reference: of each endpoint the request, and the status the page says it answers. */
function reference() {
  const details = page.html.split('<details class="endpoint" id="').slice(1);
  const requests = page.requests.slice(-details.length);
  return details.map((detail, index) => {
    const [, method = "", path = ""] =
      /<span class="method \w+">(\w+)<\/span> <code class="path">([^<]+)</.exec(detail) ?? [];
    const [, status] = /<code class="status">(\d+)</.exec(detail) ?? [];
    const command = requests[index] ?? "";
    return { id: detail.split('"')[0], method, path, status: Number(status), command };
  });
}

function referenceTo(operation: string) {
  const found = reference().find(({ id }) => id === operation);
  if (found === undefined) throw new Error(`the page has no ${operation}`);
  return found;
}

test("names every endpoint, every error code, and every variable it needs", () => {
  const declared = allBridgeEndpoints.map(
    ({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`,
  );
  const shown = reference().map(({ method, path }) => `${method} ${path}`);
  expect(shown.sort()).toEqual(declared.sort());
  for (const code of codesIn(BRIDGE_ERROR_CODES)) expect(page.html).toContain(`<code>${code}</code>`);
  const kept = BRIDGE_WALK.flatMap(({ keep }) => keep.map(({ name }) => name));
  const known = ["GUILDHALL", "ENVIRONMENT", "SESSION", "TOKEN", ...kept];
  const used = page.requests.flatMap((code) => [...code.matchAll(/\$([A-Z_]+)/g)].map(([, name]) => name));
  expect(used.filter((name) => !known.includes(name ?? ""))).toEqual([]);
});

test("shows of every permission it names which of the four roles have it", () => {
  const rows = [...page.html.matchAll(/<tr><td><code>(\w+:\w+)<\/code><\/td><td>[^<]*<\/td>(.*)<\/tr>/g)];
  const shown = rows.map(([, name = "", cells = ""]) => [
    name,
    [...cells.matchAll(/aria-label="(yes|no)"/g)].map(([, has]) => has === "yes"),
  ]);
  const asked = new Set<string | undefined>(allBridgeEndpoints.map(({ permission }) => permission));
  const expected = Object.keys(PERMISSIONS)
    .filter((name) => asked.has(name))
    .map((name) => [
      name,
      Object.values(SYSTEM_ROLES).map(({ permissions }) => permissions.some((held) => held === name)),
    ]);
  expect(shown).toEqual(expected);
});

test("has examples that a shell reads as the requests they are to be", () => {
  const variables = Object.fromEntries(
    ["GUILDHALL", "ENVIRONMENT", "SESSION", "TOKEN"]
      .concat(BRIDGE_WALK.flatMap(({ keep }) => keep.map(({ name }) => name)))
      .map((name) => [name, name.toLowerCase()]),
  );
  for (const { method, command } of reference()) {
    const request = readCurl(command, variables);
    expect(request.method, command).toBe(method);
    expect(request.url, command).toMatch(/^guildhall\/bridge-payment\/[\w/?=-]+$/);
    expect(request.headers, command).toHaveProperty("X-Environment");
    if (request.body !== undefined) expect(JSON.parse(request.body), command).toBeTypeOf("object");
  }
});

test("the guided walk leads a newcomer to something that two share", async () => {
  expect(page.steps.length).toBe(BRIDGE_WALK.length);
  const answers = await walkThrough(page, await newcomer());
  expect(answers.at(-3)?.body).toMatchObject({
    data: [{ status: "active", total_cents: 49_900 }],
    meta: { pagination: { total: 1 } },
  });
  expect(answers.at(-1)?.body).toMatchObject({ success: false, code: "forbidden" });
});

test("what stands between the guide's sentences works after the walk", async () => {
  const variables = await newcomer();
  await walkThrough(page, variables);
  const walked = page.steps.map(({ command }) => command);
  const guide = page.requests.slice(0, -reference().length);
  const others = guide.filter((code) => !walked.includes(code));
  expect(others.length).toBeGreaterThan(4);
  for (const command of others) {
    const { status, body } = await runPrinted(command, variables);
    expect([status, body.success], command).toEqual([command.includes('"line1"') ? 201 : 200, true]);
  }
});

describe("each request of the reference, pasted after the walk, answers as the page says", () => {
  /** What the walk's subscription still needs. */
  const inUse = ["bridgeDeleteCustomer", "bridgeDeletePaymentMethod"];

  test.each(allBridgeEndpoints.map(bridgeOperationId))("%s", async (operation) => {
    const variables = await newcomer();
    await walkThrough(page, variables);
    if (operation === "bridgeReadDeletionOfOrganization")
      await runPrinted(referenceTo("bridgeDeleteOrganization").command, variables);
    const { command, status } = referenceTo(operation);
    const answer = await runPrinted(command, variables);
    const expected = inUse.includes(operation) ? 409 : status;
    expect(answer.status, `${command}\n${JSON.stringify(answer.body)}`).toBe(expected);
  });
});
