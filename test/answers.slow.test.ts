import { beforeAll, describe, expect, test } from "vitest";
import { allEndpoints, resourceTypes } from "../src/management/all-resources.ts";
import { buildClient } from "./support/access-tokens.ts";
import { answerProblems } from "./support/answer-problems.ts";
import type { Api, ApiAnswer } from "./support/api.ts";
import { runBatches, sendBatch } from "./support/batches.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  invite,
  roleId,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();
/** A signed-in person, for what the operator can't read. */
let person: Api;
/** One id of each type. */
const ids: Record<string, string> = {};
const speakerFor = (path: string) => (path.startsWith("/api/received-") ? person : guildhall.api);
const reads = allEndpoints.filter(({ method }) => method === "GET");

const one = (type: string, id = "") => ({ data: { type, id } });

beforeAll(async () => {
  const { api } = guildhall;
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner);
  const { user, token } = await buildMember(guildhall, organization, "admin");
  person = api.as(token);
  await buildClient(guildhall);
  await invite(guildhall, organization, "friend@example.com");
  await invite(guildhall, await buildOrganization(guildhall, owner), user.email);
  const role = await roleId(guildhall, organization.environment_id, "billing");
  const relationships = { user: one("user", user.id), role: one("role", role) };
  await api.post("/api/user-roles", { data: { type: "user_role", relationships } });
  const attributes = { email: "nobody@example.com", reason: "bounced" };
  await api.post("/api/suppressions", { data: { type: "suppression", attributes } });
  await sendBatch(api, organization, [{ email: "another@example.com" }]);
  await runBatches(guildhall);
  const doomed = await buildOrganization(guildhall, owner, { name: "Doomed" });
  await api.delete(`/api/organizations/${doomed.id}`);
  for (const { path } of resourceTypes) {
    const url = `/api/${path}`;
    ids[path] = (await speakerFor(url).get(url)).body.data[0]?.id;
  }
});

function pathOf(path: string): string {
  return path.replace(":id", ids[path.split("/")[2] ?? ""] ?? "");
}

describe("reading one resource of every type", () => {
  test("every resource type has at least one example to read", () => {
    expect(Object.values(ids).filter((id) => id === undefined)).toEqual([]);
  });

  test.each(reads)(
    "$path answers as declared, also with `fields` and `include`",
    async ({ path, answers }) => {
      const type = answers.data?.type ?? "";
      const relationships = resourceTypes.find((known) => known.type === type)?.relationships ?? {};
      const isLinkage = answers.data?.holds === "linkage";
      const queries = isLinkage
        ? [""]
        : ["", `?include=${Object.keys(relationships)}`, `?fields[${type}]=created_at`];
      for (const query of queries) {
        const url = pathOf(path) + query;
        const answer = await speakerFor(url).get(url);
        expect(answer.status, url).toBe(200);
        expect(answerProblems("GET", url, answer), url).toEqual([]);
      }
    },
  );
});

test("every write and every refusal answers as declared", async () => {
  const owner = await buildPerson(guildhall);
  const { api } = guildhall;
  const check = async (
    method: "post" | "patch" | "delete",
    url: string,
    document?: object,
  ): Promise<ApiAnswer> => {
    const answer = method === "delete" ? await api.delete(url) : await api[method](url, document);
    expect(answerProblems(method.toUpperCase(), url, answer), `${method} ${url}`).toEqual([]);
    return answer;
  };
  const relationships = { owner: one("user", owner.user.id) };
  const attributes = { name: "Globex", metadata: { deep: { in: [1] } } };
  const created = await check("post", "/api/organizations", {
    data: { type: "organization", attributes, relationships },
  });
  const { id } = created.body.data;
  await check("patch", `/api/organizations/${id}`, {
    data: { type: "organization", id, attributes: { name: "New" } },
  });
  const friend = await buildPerson(guildhall);
  const invited = await check("post", "/api/invitations", invitationTo(id, friend.user.email));
  const accept = `/api/invitations/${invited.body.data.id}/accept`;
  expect((await check("post", accept, { meta: { user_id: friend.user.id } })).status).toBe(200);
  await check("post", accept, { meta: { user_id: owner.user.id } });
  const session = { data: { type: "session", relationships: { user: one("user", friend.user.id) } } };
  const signedIn = await check("post", "/api/sessions", session);
  for (const action of ["touch", "revoke"]) {
    await check("patch", `/api/sessions/${signedIn.body.data.id}/${action}`);
  }
  await check("delete", `/api/sessions/${signedIn.body.data.id}`);
  await check("post", `/api/organizations/${id}/deletion-preview`);
  await check("post", "/api/roles", { data: { type: "role", attributes: {} } });
  await check("delete", `/api/organizations/${id}`);
});

test("an answer that differs from its declaration is reported", async () => {
  const answer = await guildhall.api.get("/api/roles");
  answer.body.data[0].attributes.secret = "x";
  delete answer.body.data[0].attributes.name;
  expect(answerProblems("GET", "/api/roles", answer)).toHaveLength(2);
  expect(answerProblems("GET", "/api/roles?fields[role]=description", answer)).toHaveLength(1);
});
