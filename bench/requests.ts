import { drive, requestText } from "./http-load.ts";
import { mailedInvitations } from "./mailed-invitations.ts";
import { type Contestant, takeTurns } from "./measure.ts";
import { addMembers, type Member } from "./resources.ts";
import { ADMIN_TOKEN, invitations, productionVariables, queueBackends, SECRET_KEY } from "./service.ts";
import type { Database, Stage } from "./stage.ts";
import { type Row, ratioRow } from "./table.ts";

/** Database connections of each side; ours opens as many (`src/open-context.ts`). */
const POOL_SIZE = 10;
/** Members of each organization whose list is read: a page of it. */
const MEMBERS = 20;

/** A measured request, which can be sent once or any number of times. */
interface Kind {
  what: string;
  /** @returns `count` of them. */
  requests(count: number): Iterator<string> | Promise<Iterator<string>>;
}

/**
 * Four requests through the real API process, against the same statements behind a bare `node:http`: requests per
 * second on one database, as many connections, in turns. No worker runs; waking it up is part of our cost, which
 * is why creating is measured on either queue.
 */
export async function benchRequests(
  stage: Stage,
  { requests: count, rounds, connections }: { requests: number; rounds: number; connections: number },
): Promise<Row[]> {
  const database = await stage.createDatabase("requests");
  const members = await addMembers(database, database.organizationIds, { role: "admin", each: MEMBERS });
  const variables = productionVariables(database, "smtp://127.0.0.1:9");
  const ports: Array<{ backend: string; port: number }> = [];
  for (const [backend, queue] of queueBackends(stage, 0))
    ports.push({ backend, port: await stage.startApi({ ...variables, ...queue }) });
  const bare = await stage.startHelper("bare-server.ts", {
    DATABASE_URL: database.url,
    ADMIN_TOKEN,
    SECRET_KEY,
    POOL_SIZE: String(POOL_SIZE),
  });

  const rows: Row[] = [];
  for (const { what, requests } of kindsOf(database, members)) {
    const against = (port: number): Contestant => {
      let prepared: Iterator<string> = [][Symbol.iterator]();
      return {
        async prepare(ofThese) {
          prepared = await requests(ofThese);
        },
        run: () => drive(port, prepared, connections),
      };
    };
    const measured = what === "create invitation" ? ports : ports.slice(0, 1);
    const contestants = measured.map(({ port }) => against(port));
    const results = await takeTurns(contestants, against(bare.port), { count, rounds });
    for (const [index, series] of results.ours.entries())
      rows.push(
        ratioRow(`${what} ÷ bare, queue on ${measured[index]?.backend}`, series, results.reference, 0.7),
      );
  }
  return rows;
}

function kindsOf(database: Database, members: Member[]): Kind[] {
  const asMember = (path: (member: Member) => string) =>
    function* (count: number) {
      for (let asked = 0; asked < count; asked += 1) {
        const member = members[asked % members.length] as Member;
        const headers = { "X-Session-ID": member.token, "X-Environment": "acme-test" };
        yield requestText("GET", path(member), headers);
      }
    };
  return [
    { what: "create invitation", requests: (count) => invitations(database, count) },
    {
      what: "check permission, read an organization",
      requests: asMember(({ organization_id }) => `/bridge-payment/organizations/${organization_id}`),
    },
    {
      what: `read a list of ${MEMBERS} members`,
      requests: asMember(({ organization_id }) => `/api/memberships?filter[organization]=${organization_id}`),
    },
    {
      what: "accept invitation",
      async requests(count) {
        const mailed = await mailedInvitations(database, count);
        const headers = { "Content-Type": "application/vnd.api+json", "X-Environment": "acme-test" };
        return mailed
          .map(({ id, token }) =>
            requestText("POST", `/invitations/${id}/accept`, headers, { meta: { token } }),
          )
          [Symbol.iterator]();
      },
    },
  ];
}
