import type { Knex } from "knex";
import { buildIndexes } from "./build-indexes.ts";

/** Indexes are built concurrently, which a transaction does not allow. Each statement can run again. */
export const config = { transaction: false };

/** Resources an owner may have very many of, listed by the time of creation. */
const RESOURCES = ["customers", "subscriptions", "payments"];

const INDEXES: Record<string, string> = {
  // A user's organizations in order.
  memberships_user_organization_index: "memberships (user_id, organization_id)",
  // The members of an organization who have a role, in the order of the memberships.
  membership_roles_member_index: "membership_roles (organization_id, role_id, membership_id)",
  ...Object.fromEntries(
    RESOURCES.flatMap((table) => [
      [
        `${table}_organization_created_index`,
        `${table} (organization_id, created_at, id) where organization_id is not null`,
      ],
      [`${table}_user_created_index`, `${table} (user_id, created_at, id)`],
    ]),
  ),
};

export async function up(knex: Knex): Promise<void> {
  await buildIndexes(knex, INDEXES, { replaced: ["memberships_user_index"] });
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw("create index if not exists memberships_user_index on memberships (user_id)");
  for (const name of Object.keys(INDEXES)) await knex.raw(`drop index if exists ${name}`);
}
