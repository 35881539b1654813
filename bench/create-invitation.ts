import { drive } from "./http-load.ts";
import { type Contestant, takeTurns } from "./measure.ts";
import { ADMIN_TOKEN, invitations, productionVariables, queueBackends } from "./service.ts";
import type { Stage } from "./stage.ts";
import { type Row, ratioRow } from "./table.ts";

/** Database connections of each side; ours opens as many (`src/open-context.ts`). */
const POOL_SIZE = 10;

/**
 * POST /api/invitations through the real API process, against the same statements behind a bare `node:http`: requests
 * per second on one database, as many connections, in turns. No worker runs; giving it the hint is part of our cost.
 */
export async function benchCreateInvitation(
  stage: Stage,
  { requests, rounds, connections }: { requests: number; rounds: number; connections: number },
): Promise<Row[]> {
  const database = await stage.createDatabase("create_invitation");
  const variables = productionVariables(database, "smtp://127.0.0.1:9");
  const against = (port: number): Contestant => ({
    run: (count) => drive(port, invitations(database, count), connections),
  });

  const backends = queueBackends(stage, 0);
  const ours: Contestant[] = [];
  for (const [, queue] of backends) ours.push(against(await stage.startApi({ ...variables, ...queue })));
  const bareVariables = { DATABASE_URL: database.url, ADMIN_TOKEN, POOL_SIZE: String(POOL_SIZE) };
  const { port } = await stage.startHelper("bare-server.ts", bareVariables);

  const results = await takeTurns(ours, against(port), { count: requests, rounds });
  return results.ours.map((series, index) =>
    ratioRow(`create invitation ÷ bare, queue on ${backends[index]?.[0]}`, series, results.reference, 0.7),
  );
}
