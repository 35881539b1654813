import { drive, requestText } from "./http-load.ts";
import { type Contestant, takeTurns } from "./measure.ts";
import type { Options } from "./options.ts";
import { type Peer, startPeer } from "./peer.ts";
import { addHistory, addMembers, type Member, mailedInvitations } from "./people.ts";
import {
  ADMIN_TOKEN,
  AS_OPERATOR,
  invitations,
  productionVariables,
  queueOf,
  SECRET_KEY,
} from "./service.ts";
import type { Database, Helper, Stage } from "./stage.ts";
import { compare, type Judgment, type Report, sumOf } from "./table.ts";

/** Database connections of each server; ours opens as many (`src/open-context.ts`). */
const POOL_SIZE = "10";
/** So many that nobody meets a limit on how often a person may ask. */
const ORGANIZATIONS = 400;
/** Organizations whose members are listed, and how many each has: a page of them. */
const LISTED = 100;
const MEMBERS = 20;
/** Invitations that each organization has sent before. */
const PAST = 10;

/** A measured request. */
interface Kind {
  requests(scene: Scene, count: number): Iterable<string> | Promise<Iterable<string>>;
  /** Our rate divided by that of the bare server, and by that of Better Auth if it can do this. */
  targets: { bare: number; peer?: number };
  /** Milliseconds of Postgres for one request. */
  postgres: number;
}

const JSON_API = { "Content-Type": "application/vnd.api+json", "X-Environment": "acme-test" };
const asMember = ({ token }: Member) => ({ "X-Session-ID": token, "X-Environment": "acme-test" });

function* read(members: Member[], count: number, path: (organization: string) => string): Iterable<string> {
  for (let number = 0; number < count; number += 1) {
    const member = members[number % members.length] as Member;
    yield requestText("GET", path(member.organization_id), asMember(member));
  }
}

export const KINDS = {
  create: {
    requests: ({ owners }, count) => invitations(owners, count, asMember),
    targets: { bare: 0.7, peer: 10 },
    postgres: 0.8,
  },
  operator: {
    requests: ({ owners }, count) => invitations(owners, count, () => AS_OPERATOR),
    targets: { bare: 0.7 },
    postgres: 0.8,
  },
  accept: {
    async requests({ database, owners }, count) {
      const mailed = await mailedInvitations(database, owners, count);
      return mailed.map(({ id, token }) =>
        requestText("POST", `/invitations/${id}/accept`, JSON_API, { meta: { token } }),
      );
    },
    targets: { bare: 0.7, peer: 10 },
    postgres: 1,
  },
  permission: {
    requests: ({ owners }, count) => read(owners, count, (id) => `/bridge-payment/organizations/${id}`),
    targets: { bare: 0.7 },
    postgres: 0.15,
  },
  list: {
    requests: ({ owners }, count) =>
      read(
        owners.slice(0, LISTED),
        count,
        (id) => `/api/memberships?filter[organization]=${id}&include=user&page[size]=${MEMBERS}`,
      ),
    targets: { bare: 0.6, peer: 5 },
    postgres: 0.4,
  },
  bridge: {
    requests: ({ owners }, count) =>
      read(
        owners.slice(0, LISTED),
        count,
        (id) => `/bridge-payment/organizations/${id}/members?page=1&limit=${MEMBERS}`,
      ),
    targets: { bare: 0.6, peer: 5 },
    postgres: 0.4,
  },
} as const satisfies Record<string, Kind>;

/** The servers that answer, and whom they know. */
interface Scene {
  database: Database;
  owners: Member[];
  api: Helper;
  bare: Helper;
  peer: Peer | undefined;
}

let scene: Promise<Scene> | undefined;

async function setScene(stage: Stage): Promise<Scene> {
  const database = await stage.createDatabase("requests", ORGANIZATIONS);
  const [large, small] = [database.organizationIds.slice(0, LISTED), database.organizationIds.slice(LISTED)];
  const owners = [
    ...(await addMembers(database, large, { role: "owner", others: MEMBERS - 1 })),
    ...(await addMembers(database, small, { role: "owner", others: 0 })),
  ];
  await addHistory(database, PAST);
  const variables = { ...productionVariables(database, "smtp://127.0.0.1:9"), ...queueOf(stage, 0) };
  const sizes = {
    ...{ POOL_SIZE, ORGANIZATIONS: String(ORGANIZATIONS), LISTED: String(LISTED) },
    ...{ MEMBERS: String(MEMBERS), PAST: String(PAST) },
  };
  return {
    ...{ database, owners },
    api: await stage.startApi(variables),
    bare: await stage.startHelper("bare/server.ts", {
      ...{ DATABASE_URL: database.url, ADMIN_TOKEN, SECRET_KEY, POOL_SIZE },
    }),
    peer: await startPeer(stage, sizes),
  };
}

/**
 * One kind of request to the real API process, to the bare server on the same database, and to Better Auth, in turns.
 * No worker runs; waking it up is part of our cost. Our statements are counted afterwards, one request at a time, so
 * that waiting for a processor isn't in their times.
 */
export async function benchRequests(
  stage: Stage,
  row: keyof typeof KINDS,
  { seconds, rounds, connections }: Options,
): Promise<Report> {
  scene ??= setScene(stage);
  const { api, bare, peer, database } = await scene;
  const here = await scene;
  const kind: Kind = KINDS[row];
  const { Postgres, Redis } = stage.servers;

  function contestant(who: string, { pid, port }: Helper | Peer, ask: (count: number) => Asked): Contestant {
    let prepared: Iterable<string> = [];
    return {
      who,
      processes: { server: pid, Postgres, ...(who === "ours" && Redis !== undefined && { Redis }) },
      async prepare(count) {
        prepared = await ask(count);
      },
      run: () => drive(port, prepared[Symbol.iterator](), connections),
    };
  }
  const contestants = [
    contestant("ours", api, (count) => kind.requests(here, count)),
    contestant("bare", bare, (count) => kind.requests(here, count)),
    ...(peer !== undefined && kind.targets.peer !== undefined
      ? [contestant("Better Auth", peer, (count) => peer.requests(row, count))]
      : []),
  ];
  const measured = await takeTurns(contestants, { rounds, warmUp: 400, each: { seconds } });

  const alone = [...(await kind.requests(here, ALONE))];
  const statements = await stage.countStatements(database, ALONE, () => drive(api.port, alone.values(), 1));
  const [ours, byHand, theirs] = measured;
  const inPostgres: Judgment = {
    what: `${row}: Postgres time of one request, planning included`,
    ours: `${sumOf(statements).toFixed(2)} ms`,
    reference: "",
    result: sumOf(statements),
    unit: " ms",
    target: { atMost: kind.postgres },
  };
  const judgments = [
    ...compare(`${row} ÷ bare`, ours, byHand, kind.targets.bare),
    ...compare(`${row} ÷ Better Auth`, ours, theirs, kind.targets.peer),
    inPostgres,
  ];
  return { measured, judgments, statements };
}

type Asked = Iterable<string> | Promise<Iterable<string>>;

/** Requests of the round in which statements are counted. */
const ALONE = 200;
