import type { Knex } from "knex";
import type pg from "pg";
import { beforeAll, expect, test } from "vitest";
import { findAccess } from "../src/access/find-access.ts";
import { SYSTEM } from "../src/events/record-events.ts";
import { acceptInvitation } from "../src/invitations/accept-invitation.ts";
import { declineInvitation } from "../src/invitations/decline-invitation.ts";
import { findInvitation, findInvitationDetails } from "../src/invitations/find-invitation.ts";
import { tryToInvite } from "../src/invitations/invite-member.ts";
import { revokeInvitation } from "../src/invitations/revoke-invitation.ts";
import { parseEmailAddress } from "../src/lib/email-address.ts";
import { buildInvitationTo, uniqueEmail } from "./support/builders.ts";
import { fillEnvironment, LARGE } from "./support/crowd.ts";
import { useGuildhall } from "./support/guildhall.ts";

/** With 100,000 rows in each table that grows: what one statement may look at, its functions and triggers included. */
const BLOCKS = 1_500;
const ROWS = 500;

const quotas = { emails_per_recipient: "unlimited", pending_per_organization: "unlimited" };
const guildhall = useGuildhall();
let pending: { id: string; environment_id: string };
let session: Buffer;

beforeAll(async () => {
  const { id, owner } = await buildInvitationTo(guildhall);
  const { environment_id } = owner.user;
  await guildhall.db("environments").update({ settings: JSON.stringify({ quotas }) });
  await fillEnvironment(guildhall, environment_id);
  // Sessions of the crowd have the SHA-256 of their numbers; LARGE.owner is the second of them.
  session = (await guildhall.db("sessions").where({ user_id: LARGE.owner }).first("token_hash")).token_hash;
  // Into the large organization, where rows are many.
  await guildhall
    .db("invitations")
    .where({ id })
    .update({ organization_id: LARGE.organization, inviter_user_id: LARGE.owner });
  pending = { id, environment_id };
}, 300_000);

const inviter = { kind: "user", user_id: LARGE.owner, request_id: null } as const;
const byLink = { by: "link", tokenVersion: 1 } as const;

function invite(db: Knex, actor: typeof inviter | typeof SYSTEM) {
  const address = parseEmailAddress(uniqueEmail());
  if (address === undefined) throw new Error("is no address");
  const { environment_id } = pending;
  const where = { environment_id, organization_id: LARGE.organization, address };
  const rest = { role_ids: [], message: null, locale: null, metadata: {}, expires_at: null };
  return tryToInvite(db, { ...where, ...rest }, actor);
}

const within = (db: Knex) => ({ ...guildhall.context, db });

const HOT: Record<string, (db: Knex) => Promise<unknown>> = {
  "the access of a session": (db) =>
    findAccess(db, {
      environments: ["acme-test"],
      environmentOf: null,
      sessionHash: session,
      clientId: null,
      organization: { organization: LARGE.organization },
    }),
  "an invitation by a program": (db) => invite(db, SYSTEM),
  "an invitation by a user": (db) => invite(db, inviter),
  "reading an invitation": (db) => findInvitation(db, pending),
  "the page of a recipient": (db) => findInvitationDetails(db, { id: pending.id }),
  "an acceptance": (db) => acceptInvitation(within(db), pending, byLink, SYSTEM),
  "a refusal": (db) => declineInvitation(within(db), pending, byLink, SYSTEM),
  "a revocation": (db) => revokeInvitation(within(db), pending, inviter),
};

test.each(Object.entries(HOT))("%s reads no more in a large environment", async (_, ask) => {
  const plans = await plansOf(guildhall.db, ask);
  expect(plans).toHaveLength(1);
  expect(plans.flatMap(problemsOf)).toEqual([]);
});

interface Plan {
  "Node Type": string;
  "Relation Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  "Shared Hit Blocks": number;
  "Shared Read Blocks": number;
  Plans?: Plan[];
}

/** Does something and undoes it, and then runs each statement once more under `explain`, with a plan for any values. */
async function plansOf(db: Knex, ask: (db: Knex) => Promise<unknown>): Promise<Plan[]> {
  const sent: Array<{ sql: string; values: unknown[] }> = [];
  await undone(db, async (trx) => {
    trx.on("query", ({ sql, options }) => {
      if (options?.name !== undefined) sent.push({ sql, values: options.values });
    });
    await ask(trx);
  });
  const plans: Plan[] = [];
  for (const { sql, values } of sent)
    await undone(db, async (trx) => {
      const client: Knex.Client = trx.client;
      const connection: pg.Client = await client.acquireConnection();
      await connection.query("set local plan_cache_mode = force_generic_plan");
      const explain = `explain (analyze, buffers, timing off, format json) ${sql}`;
      const { rows } = await connection.query(explain, values);
      plans.push(rows[0]["QUERY PLAN"][0].Plan);
    });
  return plans;
}

async function undone(db: Knex, work: (trx: Knex.Transaction) => Promise<void>): Promise<void> {
  const trx = await db.transaction();
  try {
    await work(trx);
  } finally {
    await trx.rollback();
  }
}

function problemsOf(plan: Plan): string[] {
  const blocks = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"];
  return [...(blocks > BLOCKS ? [`${blocks} blocks`] : []), ...nodeProblems(plan)];
}

function nodeProblems(plan: Plan): string[] {
  const { "Node Type": type, "Relation Name": table, Plans: below = [] } = plan;
  const rows = (plan["Actual Rows"] + (plan["Rows Removed by Filter"] ?? 0)) * plan["Actual Loops"];
  const isWhole = type === "Seq Scan";
  const own = isWhole || rows > ROWS ? [`${type} of ${table ?? "other rows"}: ${rows} rows`] : [];
  return [...own, ...below.flatMap(nodeProblems)];
}
