import { runInvitationBatches } from "../../src/invitation-batches/run-invitation-batches.ts";
import { expireInvitations } from "../../src/invitations/expire-invitations.ts";
import type { Organization } from "../../src/models/organization.ts";
import type { Api, ApiAnswer } from "./api.ts";
import { sendBatch } from "./batches.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  type Person,
  unique,
  uniqueEmail,
} from "./builders.ts";
import type { Guildhall } from "./guildhall.ts";

export interface Population {
  /** Of all the organizations, except one where they are admin. */
  owner: Person;
  organizations: Organization[];
}

/**
 * Creates an environment in which much has happened: several organizations, invitations and deliveries in every
 * state, custom roles, sessions, clients, a deleted user and two deletions. Also creates `globex` with a few rows of
 * its own.
 */
export async function populate(guildhall: Guildhall): Promise<Population> {
  const owner = await buildPerson(guildhall, { first_name: "Ada", metadata: { team: "blue" } });
  const organizations = [];
  for (let n = 0; n < 3; n += 1) organizations.push(await buildOrganization(guildhall, owner));
  const [first] = organizations;
  if (first === undefined) throw new Error("no organization");
  for (const role of ["admin", "billing", "member", "member"] as const)
    await buildMember(guildhall, first, role);
  const stranger = await buildPerson(guildhall);
  const elsewhere = await buildOrganization(guildhall, stranger);
  await joinAsAdmin(guildhall, elsewhere, owner);
  for (const name of ["Globex", "Initech"]) {
    const host = await buildOrganization(guildhall, stranger, { name });
    done(await guildhall.api.post("/api/invitations", invitationTo(host.id, owner.user.email)));
  }
  await buildRoles(guildhall, first, owner);
  await inviteInEveryState(guildhall, first, owner);
  await sendBatches(guildhall, first, owner);
  await buildDepartures(guildhall, owner);
  for (const reason of ["bounced", "complained", "opted_out"])
    await post(guildhall.api, "suppression", { email: uniqueEmail(), reason }, {});
  const attributes = { name: "billing sync", scopes: ["users:read"] };
  await post(guildhall.api, "api_client", attributes, {});
  await buildOrganization(guildhall, await buildPerson(guildhall, { environment: "globex" }));
  return { owner, organizations };
}

/** Creates a resource. @param related the type and id of each relationship. @throws if it is refused. */
export async function post(
  api: Api,
  type: string,
  attributes: object,
  related: Record<string, [type: string, id: string]>,
): Promise<ApiAnswer> {
  const relationships = Object.fromEntries(
    Object.entries(related).map(([name, [kind, id]]) => [name, { data: { type: kind, id } }]),
  );
  const path = `/api/${type.replaceAll("_", "-")}s`;
  return done(await api.post(path, { data: { type, attributes, relationships } }));
}

function done(answer: ApiAnswer): ApiAnswer {
  if (answer.status < 300) return answer;
  throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
}

async function joinAsAdmin(
  { api, db }: Guildhall,
  organization: Organization,
  { user }: Person,
): Promise<void> {
  const { environment_id } = organization;
  const { id } = await db("roles").where({ environment_id, name: "admin", is_system: true }).first("id");
  const joined = await post(
    api,
    "membership",
    {},
    { user: ["user", user.id], organization: ["organization", organization.id] },
  );
  await post(
    api,
    "membership_role",
    {},
    { membership: ["membership", joined.body.data.id], role: ["role", id] },
  );
}

async function buildRoles(
  { api, db }: Guildhall,
  organization: Organization,
  { user }: Person,
): Promise<void> {
  const permission = await post(api, "permission", { name: "reports:read" }, {});
  const membership = await db("memberships")
    .where({ organization_id: organization.id, user_id: user.id })
    .first("id");
  for (const [name, related] of [
    ["auditor", {}],
    ["clerk", { organization: ["organization", organization.id] as [string, string] }],
  ] as const) {
    const role = await post(api, "role", { name }, related);
    const given = ["role", role.body.data.id] as [string, string];
    await post(
      api,
      "role_permission",
      {},
      { role: given, permission: ["permission", permission.body.data.id] },
    );
    await post(api, "membership_role", {}, { membership: ["membership", membership.id], role: given });
    if (name === "auditor") await post(api, "user_role", {}, { user: ["user", user.id], role: given });
  }
}

async function inviteInEveryState(
  guildhall: Guildhall,
  organization: Organization,
  owner: Person,
): Promise<void> {
  const { db, context } = guildhall;
  const api = guildhall.api.as(owner.token);
  const invite = async () =>
    done(
      await api.post("/api/invitations", invitationTo(organization.id, uniqueEmail(), { message: "Come!" })),
    ).body.data.id;
  const token = (invitationId: string) => context.linkKeys.sign({ invitationId, tokenVersion: 1 });
  const [accepted, declined, revoked, overdue, expired] = [
    await invite(),
    await invite(),
    await invite(),
    await invite(),
    await invite(),
  ];
  done(await api.as(null).post(`/api/invitations/${accepted}/accept`, { meta: { token: token(accepted) } }));
  done(await api.as(null).post(`/api/invitations/${declined}/decline`, { meta: { token: token(declined) } }));
  done(await api.post(`/api/invitations/${revoked}/revoke`));
  await db("invitations")
    .where({ id: expired })
    .update({ expires_at: new Date(0) });
  await expireInvitations(db, () => false);
  await db("invitations")
    .where({ id: overdue })
    .update({ expires_at: new Date(0) });
  for (const state of ["sending", "sent", "failed", "suppressed", "unknown"]) {
    const invitation_id = await invite();
    const change =
      state === "sent" ? { smtp_code: 250, reply: "250 kept", sent_at: new Date(), message_id: "<a@b>" } : {};
    await db("mail_deliveries")
      .where({ invitation_id })
      .update({ state, ...change });
  }
}

/** Creates three batches: a completed one with rows of every kind, a canceled one and a waiting one. */
async function sendBatches(
  { api, context }: Guildhall,
  organization: Organization,
  { token }: Person,
): Promise<void> {
  const again = uniqueEmail();
  const rows = [{ email: again }, { email: again }, { email: "none" }, { email: uniqueEmail() }];
  await sendBatch(api.as(token), organization, rows);
  await runInvitationBatches(context, () => false);
  const canceled = await sendBatch(api.as(token), organization, rows);
  done(await api.post(`/api/invitation-batches/${canceled}/cancel`));
  await sendBatch(api.as(token), organization, [{ email: uniqueEmail() }]);
}

/** Deletes a user who did something, and two organizations, one of them completely. Ends a session. */
async function buildDepartures({ api, ...guildhall }: Guildhall, owner: Person): Promise<void> {
  const [first] = await guildhall.db("organizations").where({ owner_user_id: owner.user.id }).select();
  const leaver = await buildMember({ api, ...guildhall }, first, "admin");
  done(
    await api.as(leaver.token).patch(`/api/organizations/${first.id}`, {
      data: { type: "organization", id: first.id, attributes: { tax_id: "DE 1" } },
    }),
  );
  done(await api.delete(`/api/users/${leaver.user.id}`));
  for (const gone of [true, false]) {
    const doomed = await buildOrganization({ api, ...guildhall }, owner, { name: unique("Doomed") });
    const { body } = done(await api.as(owner.token).delete(`/api/organizations/${doomed.id}`));
    const completed = { state: "completed", completed_at: new Date() };
    if (gone) await guildhall.db("organization_deletions").where({ id: body.data.id }).update(completed);
  }
  const session = await post(api, "session", { ip: "192.0.2.1" }, { user: ["user", owner.user.id] });
  done(await api.patch(`/api/sessions/${session.body.data.id}/revoke`));
}
