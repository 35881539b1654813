import { beforeAll, describe, expect, test } from "vitest";
import type { Organization } from "../src/models/organization.ts";
import type { ApiAnswer } from "./support/api.ts";
import { runBatches, sendBatch } from "./support/batches.ts";
import { buildOrganization, buildPerson, type Person, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { answerByLink, expiresIn, invited, letCoolDown, linkToken, sendDue } from "./support/invitations.ts";

const guildhall = useGuildhall();
let owner: Person;
let organization: Organization;

beforeAll(async () => {
  owner = await buildPerson(guildhall);
  organization = await buildOrganization(guildhall, owner);
});

const optOutToken = (id: string) => guildhall.context.linkKeys.signOptOut(id);

describe("the page behind a link", () => {
  const states: Array<[state: string, become: (id: string) => Promise<unknown>]> = [
    ["pending", async () => {}],
    ["accepted", (id) => answerByLink(guildhall, { id }, "accept")],
    ["declined", (id) => answerByLink(guildhall, { id }, "decline")],
    ["revoked", (id) => guildhall.api.post(`/api/invitations/${id}/revoke`)],
    ["expired", (id) => expiresIn(guildhall, id, -1)],
    ["superseded", (id) => guildhall.db("invitations").where({ id }).update({ token_version: 2 })],
  ];

  test.each(states)("the page of a link that is %s reveals no token and is not cached", async (_, become) => {
    const { id } = await invited(guildhall, organization);
    await become(id);
    const token = linkToken(guildhall, id);
    const form = { method: "POST", body: new URLSearchParams({ csrf: "wrong" }) };
    const cookie = { headers: { Cookie: `${id}=${token}` } };
    const visits: Array<[path: string, init: RequestInit]> = [
      [`/i/${token}`, {}],
      [`/i/${token}?answer=decline`, {}],
      [`/invitations/${id}`, cookie],
      [`/invitations/${id}`, {}],
      [`/invitations/${id}/accept`, { ...form, ...cookie }],
      [`/i/${token}x`, {}],
      [`/u/${optOutToken(id)}`, {}],
      [`/u/${optOutToken(id)}`, form],
      [`/u/${optOutToken(id)}x`, {}],
    ];
    for (const [path, init] of visits) {
      const headers = { Accept: "text/html", ...init.headers };
      const answer = await fetch(guildhall.api.origin + path, { redirect: "manual", ...init, headers });
      const page = await answer.text();
      expect(answer.headers.get("Referrer-Policy"), path).toBe("no-referrer");
      expect(answer.headers.get("Cache-Control"), path).toBe("no-store");
      expect(answer.headers.get("Content-Security-Policy"), path).toMatch(/default-src 'none'/);
      expect(page, path).not.toMatch(/\b(?:src|href|action)="?(?:https?:)?\/\/|@import|url\(/);
      expect(`${page} ${answer.headers.get("Location")}`, path).not.toContain(token.slice(-43));
    }
  });
});

test("no API response holds a link's token or half of one", async () => {
  const api = guildhall.api.as(owner.token);
  const answers: ApiAnswer[] = [];
  const ask = async (answer: Promise<ApiAnswer>) => {
    answers.push(await answer);
    return answer;
  };
  const relationships = { organization: { data: { type: "organization", id: organization.id } } };
  const data = { type: "invitation", attributes: { email: uniqueEmail() }, relationships };
  const { id } = (await ask(api.post("/api/invitations", { data }))).body.data;
  const path = `/api/invitations/${id}`;
  await sendDue(guildhall);
  await letCoolDown(guildhall, id);
  await ask(api.post(`${path}/resend`));
  await ask(api.patch(path, { data: { type: "invitation", id, attributes: { locale: "de" } } }));
  const batch = await sendBatch(api, organization, [{ email: uniqueEmail() }]);
  await runBatches(guildhall);
  await sendDue(guildhall);
  for (const read of [
    `${path}?include=deliveries,organization,inviter,roles`,
    "/api/invitations?include=deliveries",
    `/api/deliveries?filter[invitation]=${id}&include=invitation`,
    `/api/events?filter[subject]=${id}`,
    `/api/invitation-batches/${batch}`,
    `/api/organizations/${organization.id}/invitations`,
  ])
    await ask(api.get(read));
  await ask(answerByLink(guildhall, { id }, "decline", 2));
  await ask(answerByLink(guildhall, { id }, "accept", 2));
  await ask(api.post(`${path}/revoke`));

  const everything = JSON.stringify(answers.map(({ body, headers }) => [body, [...headers]]));
  const { rows } = await guildhall.db.raw("select id, token_version from invitations");
  for (const { id, token_version } of rows)
    for (const version of [1, token_version]) {
      const token = linkToken(guildhall, id, version);
      expect(everything).not.toContain(token.slice(-43));
      expect(everything).not.toContain(optOutToken(id).slice(-43));
    }
  expect(everything).not.toContain("token_version");
  expect(answers.map(({ status }) => status).slice(0, -3)).toEqual([201, ...Array(8).fill(200)]);
});
