import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { type AccessQuestion, type AccessRow, type BelongsTo, NO_ACCESS } from "./access-question.ts";

/**
 * Finds environment, session or API client, user and permissions in one round trip.
 * @returns undefined when no such environment exists. An unknown, expired or revoked session leaves the user null, and a
 *   deleted client leaves the client null.
 */
export async function findAccess(db: Knex, question: AccessQuestion): Promise<AccessRow | undefined> {
  const { run, values } = askAccess(question);
  const [found] = await run(db, values);
  return found && { ...NO_ACCESS, ...found };
}

/** The columns of the parts that were asked for; the rest is as in `NO_ACCESS`. */
type Found = Pick<AccessRow, "environment_id" | "handle" | "settings"> & Partial<AccessRow>;

/** The parameters that one form of question may have; each has some of them. */
const TYPES = {
  environments: "text[]",
  environment_of: "text",
  session_hash: "bytea",
  client_id: "text",
  id: "text",
} as const;

type Values = Partial<Record<keyof typeof TYPES, unknown>>;

type AccessStatement = ReturnType<typeof statement<Found, Values>>;

/** A part of the statement: the columns it selects, and the tables. */
interface Part {
  select: string[];
  from: string;
}

/** A request names at most two. Postgres looks for the second only when there is no first. */
const ENVIRONMENT = {
  request: `(
    select * from environments where handle = (:environments)[1]
    union all
    select * from environments where handle = (:environments)[2]
    limit 1
  ) e`,
  invitation:
    "(select * from environments where id = (select environment_id from invitations where id = :environment_of)) e",
};

const SESSION: Part = {
  select: [
    "s.id as session_id, u.id as user_id, u.email_canonical, u.email_verified_at is not null as email_verified",
    "everywhere.permissions as environment_permissions",
  ],
  from: `
  left join sessions s on s.token_hash = :session_hash and s.environment_id = e.id and s.revoked_at is null and s.expires_at > now()
    and (s.validated_until is null or s.validated_until > now())
    and (s.started_by_user_id is null or may_act_as(s.user_id, s.started_by_user_id))
  left join users u on u.id = s.user_id
  cross join lateral (
    select array(
      select distinct p.name from user_roles ur
      join role_permissions rp on rp.role_id = ur.role_id join permissions p on p.id = rp.permission_id
      where ur.user_id = u.id
    ) as permissions offset 0
  ) everywhere`,
};

const CLIENT: Part = {
  select: ["c.id as client_id, c.scopes as client_scopes"],
  from: "left join api_clients c on c.id = :client_id and c.environment_id = e.id",
};

/** The organization's id in SQL, by the thing that the request names as `:id`. */
const ORGANIZATION_OF: Record<BelongsTo, string> = {
  organization: ":id",
  invitation: "(select organization_id from invitations where id = :id)",
  membership: "(select organization_id from memberships where id = :id)",
  membershipRole: `(
    select m.organization_id from membership_roles mr join memberships m on m.id = mr.membership_id where mr.id = :id
  )`,
  role: "(select organization_id from roles where id = :id)",
  rolePermission:
    "(select r.organization_id from role_permissions rp join roles r on r.id = rp.role_id where rp.id = :id)",
  invitationBatch: "(select organization_id from invitation_batches where id = :id)",
  resource: "organization_of_resource(:id)",
};

/** What a user may do there: as `permissions_in`, whose first half is known already. */
const MEMBERSHIP: Part = {
  select: [
    "o.owner_user_id is not null and o.owner_user_id = u.id as is_owner, m.id as membership_id",
    `everywhere.permissions || counting_there(there.by_roles, u.id, o.owner_user_id, o.member_management)
      as organization_permissions`,
    "'members:manage' = any (there.by_roles) as has_members_manage",
  ],
  from: `
  left join memberships m on m.organization_id = o.id and m.user_id = u.id
  cross join lateral (
    select array(
      select p.name from membership_roles mr
      join role_permissions rp on rp.role_id = mr.role_id join permissions p on p.id = rp.permission_id
      where mr.membership_id = m.id
    ) as by_roles offset 0
  ) there`,
};

const statements = new Map<string, AccessStatement>();

/**
 * Returns the statement that answers a question, and its values. Each form of question has its own statement, with
 * nothing in it that wasn't asked for. Postgres would plan a single one for every request, because it finds that leaving
 * out the nulls saves more than planning costs.
 */
export function askAccess({
  environments,
  environmentOf,
  sessionHash,
  clientId,
  organization,
}: AccessQuestion): {
  run: AccessStatement;
  values: Values;
} {
  const environment = environmentOf === null ? "request" : "invitation";
  const who = sessionHash !== null ? "session" : clientId !== null ? "client" : "nobody";
  const [by, id] = Object.entries(organization ?? {}).find(([, named]) => named !== undefined) ?? [];
  const name = `access-${environment}-${who}-${by ?? "nowhere"}`;
  const values: Values = {
    ...(environmentOf === null ? { environments } : { environment_of: environmentOf }),
    ...(sessionHash !== null && { session_hash: sessionHash }),
    ...(who === "client" && { client_id: clientId }),
    ...(by !== undefined && { id }),
  };
  let run = statements.get(name);
  if (run === undefined) {
    const types = Object.fromEntries(Object.entries(TYPES).filter(([parameter]) => parameter in values));
    run = statement<Found, Values>(name, types, textOf(environment, who, by as BelongsTo | undefined));
    statements.set(name, run);
  }
  return { run, values };
}

function textOf(
  environment: keyof typeof ENVIRONMENT,
  who: "session" | "client" | "nobody",
  by: BelongsTo | undefined,
): string {
  const parts: Part[] = [
    { select: ["e.id as environment_id, e.handle, e.settings"], from: `from ${ENVIRONMENT[environment]}` },
    ...(who === "session" ? [SESSION] : who === "client" ? [CLIENT] : []),
    ...(by === undefined ? [] : [organizationPart(ORGANIZATION_OF[by])]),
    ...(who === "session" && by !== undefined ? [MEMBERSHIP] : []),
  ];
  const selected = parts.flatMap(({ select }) => select).join(",\n    ");
  return `select ${selected}\n  ${parts.map(({ from }) => from).join("\n  ")}`;
}

function organizationPart(id: string): Part {
  return {
    select: ["o.id as organization_id"],
    from: `left join organizations o on o.environment_id = e.id and o.deleting_at is null and o.id = ${id}`,
  };
}
