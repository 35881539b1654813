import { type Contestant, takeTurns } from "./measure.ts";
import type { Options } from "./options.ts";
import { addHistory } from "./people.ts";
import { AS_OPERATOR, productionVariables, queueOf } from "./service.ts";
import { openSink } from "./sink.ts";
import type { Stage } from "./stage.ts";
import { durations, type Report } from "./table.ts";

/**
 * A batch of invitations, from its POST to the last SMTP reply, against a bare loop that invites and sends to the same
 * sink. Ours judges each row, records what became of it and can be killed anywhere; the loop does none of that.
 */
export async function benchBatch(stage: Stage, { batchRows: count }: Options): Promise<Report> {
  const sink = await openSink(stage);
  const database = await stage.createDatabase("batch");
  await addHistory(database, 100);
  const variables = { ...productionVariables(database, sink.url), ...queueOf(stage, 2) };
  const api = await stage.startApi(variables);
  const worker = stage.startWorker(variables);
  const loop = await stage.startHelper("bare/mailer.ts", { DATABASE_URL: database.url, SMTP_URL: sink.url });
  const { Postgres, Redis } = stage.servers;
  const [first = "", second = ""] = database.organizationIds;
  const ours: Contestant = {
    who: "ours",
    processes: { server: api.pid, worker: worker.pid ?? 0, Postgres, ...(Redis !== undefined && { Redis }) },
    run: () => sink.untilAccepted(count, () => postBatch(api.port, first, count)),
  };
  const bare: Contestant = {
    who: "bare",
    processes: { worker: loop.pid, Postgres },
    run: () => sink.untilAccepted(count, () => loop.child.send({ count, organization: second })),
  };
  const measured = await takeTurns([ours, bare], { rounds: 1, warmUp: 0, each: { count } });
  const what = `batch: ${count.toLocaleString("en")} invitations ÷ bare SQL and SMTP loop, wall time`;
  return { measured, judgments: durations(what, count, measured, 1.3) };
}

async function postBatch(port: number, organization: string, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) => ({ email: `listed-${index}@ours.example` }));
  const relationships = { organization: { data: { type: "organization", id: organization } } };
  const answer = await fetch(`http://127.0.0.1:${port}/api/invitation-batches`, {
    method: "POST",
    headers: { ...AS_OPERATOR, "Content-Type": "application/vnd.api+json" },
    body: JSON.stringify({ data: { type: "invitation_batch", attributes: { rows }, relationships } }),
  });
  if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`);
}
