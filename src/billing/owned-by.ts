import type { Knex } from "knex";

/** Whose resources are meant: an organization's, or, without one, the user's own. */
export interface Owner {
  environment_id: string;
  /** Who asks; the creator of what is created. */
  user_id: string;
  organization_id: string | null;
}

/** Whose resources a caller gets at: one owner's, or, as a program, everybody's in the environment. */
export type Reach = Owner | { environment_id: string };

/**
 * A modifier that leaves what the owner has. What belongs to an organization that is being deleted is its creator's
 * already, whether or not the saga has come to it.
 */
export function ownedBy(reach: Reach) {
  return (query: Knex.QueryBuilder): void => {
    void query.where({ environment_id: reach.environment_id });
    if (!("user_id" in reach)) return;
    const { user_id, organization_id } = reach;
    if (organization_id !== null) void query.where({ organization_id });
    else void query.where({ user_id }).whereRaw("living_organization(organization_id) is null");
  };
}
