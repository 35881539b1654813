import type { Knex } from "knex";
import { beforeAll, expect, test } from "vitest";
import type { Organization } from "../src/models/organization.ts";
import { buildProgram } from "./support/access-tokens.ts";
import type { Api, ApiAnswer } from "./support/api.ts";
import {
  buildInvitationTo,
  buildOrganization,
  buildPerson,
  invitationTo,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { answerByLink, linkToken } from "./support/invitations.ts";

const guildhall = useGuildhall();
let organization: Organization;
let owner: Api;
let program: Api;

beforeAll(async () => {
  const person = await buildPerson(guildhall);
  organization = await buildOrganization(guildhall, person);
  owner = guildhall.api.as(person.token);
  program = await buildProgram(guildhall, "invitations:write");
});

interface Request {
  what: string;
  /** The names of the statements, one for each round trip. */
  statements: string[];
  /** Makes what the request needs. @returns a function that sends it. */
  prepare(): Promise<() => Promise<ApiAnswer | Response>>;
}

const create = (by: () => Api) => async () => () =>
  by().post("/api/invitations", invitationTo(organization.id, uniqueEmail()));

const HOT: Request[] = [
  {
    what: "an invitation by the operator",
    statements: ["access-request-nobody-organization", "insert-invitation"],
    prepare: create(() => guildhall.api),
  },
  {
    what: "an invitation by an access token",
    statements: ["access-request-client-organization", "insert-invitation"],
    prepare: create(() => program),
  },
  {
    what: "an invitation by a session",
    statements: ["access-request-session-organization", "insert-invitation"],
    prepare: create(() => owner),
  },
  {
    what: "a permission check",
    statements: ["access-request-session-organization", "find-own-organization"],
    prepare: async () => () => owner.get(`/bridge-payment/organizations/${organization.id}`),
  },
  {
    what: "the page of a recipient",
    statements: ["find-invitation-details"],
    async prepare() {
      const { id } = await buildInvitationTo(guildhall);
      const opened = await fetch(`${guildhall.api.origin}/i/${linkToken(guildhall, id)}`, {
        redirect: "manual",
      });
      return () => fetch(guildhall.api.origin + (opened.headers.get("Location") ?? ""));
    },
  },
  {
    what: "an acceptance by a link",
    statements: ["access-request-nobody-invitation", "accept-invitation"],
    async prepare() {
      const invitation = await buildInvitationTo(guildhall);
      return () => answerByLink(guildhall, invitation, "accept");
    },
  },
  {
    what: "an acceptance by a session",
    statements: ["access-request-session-invitation", "find-invitation", "accept-invitation"],
    async prepare() {
      const { path, invitee } = await buildInvitationTo(guildhall);
      return () => guildhall.api.as(invitee.token).post(`${path}/accept`);
    },
  },
  {
    what: "an acceptance by a program",
    statements: ["access-request-nobody-invitation", "accept-invitation"],
    async prepare() {
      const { path, invitee } = await buildInvitationTo(guildhall);
      return () => guildhall.api.post(`${path}/accept`, { meta: { user_id: invitee.user.id } });
    },
  },
  {
    what: "a refusal by a link",
    statements: ["access-request-nobody-invitation", "decline-invitation"],
    async prepare() {
      const invitation = await buildInvitationTo(guildhall);
      return () => answerByLink(guildhall, invitation, "decline");
    },
  },
  {
    what: "a revocation by a session",
    statements: ["access-request-session-invitation", "revoke-invitation"],
    async prepare() {
      const { path, owner: inviter } = await buildInvitationTo(guildhall);
      return () => guildhall.api.as(inviter.token).post(`${path}/revoke`);
    },
  },
];

test.each(HOT)("$what asks Postgres by prepared statements alone", async ({ statements, prepare }) => {
  const send = await prepare();
  const sent = await queriesOf(guildhall.db, async () => {
    expect((await send()).status).toBeLessThan(300);
  });
  expect(sent).toEqual(statements);
});

test("statements are planned for any values, not for those of one request", async () => {
  await owner.get(`/bridge-payment/organizations/${organization.id}`);
  const { rows } = await guildhall.db.raw("select name from pg_prepared_statements where custom_plans > 0");
  expect(rows).toEqual([]);
});

/** @returns the name of every query sent until then, or its text if it has none. */
async function queriesOf(db: Knex, ask: () => Promise<void>): Promise<string[]> {
  const sent: string[] = [];
  const note = (query: { sql: string; options?: { name?: string } }) =>
    void sent.push(query.options?.name ?? query.sql);
  db.on("query", note);
  try {
    await ask();
  } finally {
    db.removeListener("query", note);
  }
  return sent;
}
