import { once } from "node:events";
import { openDatabase } from "../src/db/connection.ts";
import { ADMIN_TOKEN, productionVariables, queueBackends } from "./service.ts";
import type { Stage } from "./stage.ts";
import type { Row } from "./table.ts";

/**
 * A batch of invitations, from its POST to the last SMTP reply, against a bare loop over the same statement and the same
 * sink. Ours judges every row, writes what became of it and can be killed anywhere; the loop does none of that.
 */
export async function benchBatch(stage: Stage, { rows: count }: { rows: number }): Promise<Row[]> {
  const sink = await stage.startHelper("smtp-sink.ts", {});
  const smtpUrl = `smtp://127.0.0.1:${sink.port}`;
  const database = await stage.createDatabase("batch");
  const [, queue] = queueBackends(stage, 2)[0] ?? ["", {}];
  const variables = { ...productionVariables(database, smtpUrl), ...queue };
  const port = await stage.startApi(variables);
  stage.startWorker(variables);
  const [ours = "", bares = ""] = database.organizationIds;
  const bare = await stage.startHelper("bare-batch.ts", {
    DATABASE_URL: database.url,
    SMTP_URL: smtpUrl,
    ENVIRONMENT_ID: await environmentOf(database.url),
    ORGANIZATION_ID: bares,
  });

  async function secondsUntilAccepted(send: () => unknown): Promise<number> {
    sink.child.send(count);
    const accepted = once(sink.child, "message");
    const startedAt = performance.now();
    await send();
    await accepted;
    return (performance.now() - startedAt) / 1_000;
  }

  const batch = await secondsUntilAccepted(() => postBatch(port, ours, count));
  const loop = await secondsUntilAccepted(() => bare.child.send(count));
  return [
    {
      what: `batch of ${count.toLocaleString("en")} ÷ bare SQL and SMTP loop, wall time`,
      ours: `${batch.toFixed(1)} s`,
      reference: `${loop.toFixed(1)} s`,
      result: (batch / loop).toFixed(2),
      target: "",
    },
  ];
}

async function environmentOf(url: string): Promise<string> {
  const db = openDatabase({ url, poolSize: 1, name: "bench" });
  const { id } = await db("environments").first("id");
  await db.destroy();
  return id;
}

async function postBatch(port: number, organization: string, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) => ({ email: `listed-${index}@ours.example` }));
  const relationships = { organization: { data: { type: "organization", id: organization } } };
  const answer = await fetch(`http://127.0.0.1:${port}/api/invitation-batches`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${ADMIN_TOKEN}`,
      "X-Environment": "acme-test",
      "Content-Type": "application/vnd.api+json",
    },
    body: JSON.stringify({ data: { type: "invitation_batch", attributes: { rows }, relationships } }),
  });
  if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`);
}
