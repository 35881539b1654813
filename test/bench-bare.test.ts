import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot } from "../src/lib/package-root.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  invite,
  uniqueEmail,
} from "./support/builders.ts";
import { OPERATOR_TOKEN, useGuildhall } from "./support/guildhall.ts";

/** The reference of the bench is believed only if it does what the service does. */
const guildhall = useGuildhall();
let server: ChildProcess;
let origin: string;

beforeAll(async () => {
  const { DATABASE_URL, SECRET_KEY } = guildhall.settings;
  const env = { ...process.env, DATABASE_URL, SECRET_KEY, ADMIN_TOKEN: OPERATOR_TOKEN };
  const file = join(packageRoot(), "bench/bare/server.ts");
  server = fork(file, { env, execArgv: ["--import", "tsx"] });
  const [{ port }] = await once(server, "message");
  origin = `http://127.0.0.1:${port}`;
});
afterAll(async () => {
  server.kill();
  await once(server, "close");
});

/** Its documents have the content of ours and not the form, so they aren't checked as every other answer is. */
const plainFetch: typeof fetch = Reflect.get(fetch, "plain");

async function ask(path: string, headers: Record<string, string>, document?: object) {
  const answer = await plainFetch(origin + path, {
    headers: { "X-Environment": "acme-test", ...headers },
    ...(document && { method: "POST", body: JSON.stringify(document) }),
  });
  return { status: answer.status, body: JSON.parse(await answer.text()) };
}

const bySession = (token: string) => ({ "X-Session-ID": token });

async function buildTeam() {
  const owner = await buildPerson(guildhall, { first_name: "Ada", last_name: "Lovelace" });
  const organization = await buildOrganization(guildhall, owner);
  await buildMember(guildhall, organization, "admin");
  const member = await buildMember(guildhall, organization, "member");
  return { owner, organization, member };
}

/** Asks the service and the bare server for the same. */
async function askBoth(token: string, path: string) {
  const { body: ours } = await guildhall.api.as(token).get(path);
  const { body: theirs } = await ask(path, bySession(token));
  return { ours, theirs };
}

test("the bare server of the bench lists the members that the Management API lists", async () => {
  const { owner, organization, member } = await buildTeam();
  for (const token of [owner.token, member.token]) {
    const path = `/api/memberships?filter[organization]=${organization.id}&include=user&page[size]=2`;
    const { ours, theirs } = await askBoth(token, path);
    const identify = ({ id, relationships: { user, roles } }: Resource) => ({ id, user, roles });
    const shown = ({ data, included }: { data: Resource[]; included: Resource[] }) => ({
      memberships: data.map(identify).map(({ id, user, roles }) => [id, user?.data, roles?.data]),
      users: included.map(({ id, attributes }) => [id, attributes.email]),
    });
    expect(shown(theirs)).toEqual(shown(ours));
    expect(theirs.links.next === null).toBe(ours.links.next === null);
  }
});

interface Resource {
  id: string;
  attributes: { email?: string };
  relationships: { user?: { data: object }; roles?: { data: object } };
}

test("the bare server of the bench lists the members that the Bridge API lists", async () => {
  const { owner, organization } = await buildTeam();
  const { ours, theirs } = await askBoth(
    owner.token,
    `/bridge-payment/organizations/${organization.id}/members?page=1&limit=2`,
  );
  expect(theirs).toEqual(ours);
});

test("the bare server of the bench shows an organization to its members alone", async () => {
  const { member, organization } = await buildTeam();
  const path = `/bridge-payment/organizations/${organization.id}`;
  const { ours, theirs } = await askBoth(member.token, path);
  expect(theirs).toEqual(ours);
  const outsider = await buildPerson(guildhall);
  expect((await ask(path, bySession(outsider.token))).status).toBe(403);
  expect((await ask(path, { ...bySession(member.token), "X-Environment": "elsewhere" })).status).toBe(401);
});

test("the bare server of the bench invites an address once, for those who may", async () => {
  const { owner, member, organization } = await buildTeam();
  const email = uniqueEmail();
  const document = invitationTo(organization.id, email);
  const inviteAs = async (headers: Record<string, string>) =>
    (await ask("/api/invitations", headers, document)).status;
  const asOperator = { Authorization: `Bearer ${OPERATOR_TOKEN}` };
  expect(await inviteAs(bySession(member.token))).toBe(409);
  expect(await inviteAs(bySession(owner.token))).toBe(201);
  expect(await inviteAs(bySession(owner.token))).toBe(409);
  expect(await inviteAs(asOperator)).toBe(409);

  const [{ id }] = await guildhall.db("invitations").where({ email });
  await guildhall.db("invitations").where({ id }).update({ expires_at: guildhall.db.fn.now() });
  expect(await inviteAs(asOperator)).toBe(201);
  const written = await guildhall.db("invitations").where({ email }).orderBy("status").select("status");
  expect(written).toEqual([{ status: "expired" }, { status: "pending" }]);
  const deliveries = await guildhall.db("mail_deliveries").where({ email }).select("state");
  expect(deliveries).toEqual([{ state: "pending" }, { state: "pending" }]);
});

test("the bare server of the bench accepts an invitation once, however many ask", async () => {
  const { owner, organization } = await buildTeam();
  const email = uniqueEmail();
  const { id } = (
    await guildhall.api.as(owner.token).post("/api/invitations", invitationTo(organization.id, email))
  ).body.data;
  const token = guildhall.context.linkKeys.sign({ invitationId: id, tokenVersion: 1 });
  const accept = () => ask(`/invitations/${id}/accept`, {}, { meta: { token } });
  const answers = await Promise.all(Array.from({ length: 8 }, accept));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(409)]);

  const user = await guildhall.db("users").where({ email }).first();
  expect(user.email_verified_at).not.toBeNull();
  const [membership, ...more] = await guildhall.db("memberships").where({ user_id: user.id });
  expect(more).toEqual([]);
  const roles = await guildhall.db("membership_roles").where({ membership_id: membership.id });
  expect(roles.length).toBe(1);
  const notices = await guildhall
    .db("mail_deliveries")
    .where({ kind: "invitation-accepted", invitation_id: id });
  expect(notices.map((notice) => notice.email)).toEqual([owner.user.email]);
});

test("the bare server of the bench accepts nothing its inviter could no longer send", async () => {
  const { owner, organization } = await buildTeam();
  const { id } = (await invite(guildhall, organization, uniqueEmail())).body.data;
  const admin = await buildMember(guildhall, organization, "admin");
  await guildhall.db("invitations").where({ id }).update({ inviter_user_id: admin.user.id });
  const token = guildhall.context.linkKeys.sign({ invitationId: id, tokenVersion: 1 });
  const accept = () => ask(`/invitations/${id}/accept`, {}, { meta: { token } });
  expect((await accept()).status).toBe(409);
  await guildhall.db("invitations").where({ id }).update({ inviter_user_id: owner.user.id });
  expect((await accept()).status).toBe(200);
});
