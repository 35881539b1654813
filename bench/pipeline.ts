import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { drive } from "./http-load.ts";
import { type Contestant, quantile, takeTurns } from "./measure.ts";
import { invitations, productionVariables, queueBackends } from "./service.ts";
import type { Stage } from "./stage.ts";
import { type Row, ratioRow } from "./table.ts";

/** Milliseconds between two samples of latency: the last one's outcome and job are then done. */
const PAUSE = 30;

/**
 * From the first POST to the last SMTP reply: invitations are posted at once to one API process, one worker process
 * emails them to a sink; emails per second, against a bare pooled nodemailer loop sending the same mail to the same sink.
 * Where all of it shares few cores the ratio tells of the cores, so the worker is also measured alone: it is frozen
 * while the invitations are posted, and timed from when it thaws.
 * Then one invitation at a time, with nothing else to do: how long until its mail is accepted.
 */
export async function benchPipeline(
  stage: Stage,
  {
    mails,
    samples,
    rounds,
    connections,
  }: { mails: number; samples: number; rounds: number; connections: number },
): Promise<Row[]> {
  const sink = await stage.startHelper("smtp-sink.ts", {});
  const smtpUrl = `smtp://127.0.0.1:${sink.port}`;
  const mailer = await stage.startHelper("bare-mailer.ts", { SMTP_URL: smtpUrl });

  /** Causes `count` emails and waits until the sink has them. */
  async function untilAccepted(count: number, send: () => unknown): Promise<void> {
    sink.child.send(count);
    const accepted = once(sink.child, "message");
    await send();
    await accepted;
  }

  async function startOn(backend: string, queue: Record<string, string>) {
    const database = await stage.createDatabase(`pipeline_on_${backend.toLowerCase()}`);
    const variables = { ...productionVariables(database, smtpUrl), ...queue };
    const port = await stage.startApi(variables);
    const worker = stage.startWorker(variables);
    const post = (count: number) => drive(port, invitations(database, count), connections);
    const whole: Contestant = { run: (count) => untilAccepted(count, () => post(count)) };
    const workerAlone: Contestant = {
      async prepare(count) {
        worker.kill("SIGSTOP");
        await post(count);
      },
      run: (count) => untilAccepted(count, () => worker.kill("SIGCONT")),
    };
    return { where: `queue on ${backend}`, whole, workerAlone };
  }

  const services = [];
  for (const [backend, queue] of queueBackends(stage, 1)) services.push(await startOn(backend, queue));
  const pipelines = services.map(({ where, whole }) => ({
    what: `pipeline ÷ bare nodemailer, ${where}`,
    contestant: whole,
    target: 0.85,
  }));
  // A worker with a backlog doesn't ask the queue, so one queue is enough.
  const alone = services.slice(0, 1).map(({ where, workerAlone }) => ({
    what: `worker alone ÷ bare nodemailer, ${where}`,
    contestant: workerAlone,
    target: undefined,
  }));
  const all = [...pipelines, ...alone];
  const bare: Contestant = { run: (count) => untilAccepted(count, () => mailer.child.send(count)) };
  const contestants = all.map(({ contestant }) => contestant);
  const results = await takeTurns(contestants, bare, { count: mails, rounds });

  const rows = results.ours.map((series, index) =>
    ratioRow(all[index]?.what ?? "", series, results.reference, all[index]?.target),
  );
  for (const { where, whole } of services) rows.push(latencyRow(where, await sampleLatency(whole, samples)));
  return rows;
}

async function sampleLatency(contestant: Contestant, samples: number): Promise<number[]> {
  const milliseconds: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    await sleep(PAUSE);
    const startedAt = performance.now();
    await contestant.run(1);
    milliseconds.push(performance.now() - startedAt);
  }
  return milliseconds;
}

function latencyRow(where: string, milliseconds: number[]): Row {
  const [p50, p95] = [0.5, 0.95].map((fraction) => quantile(milliseconds, fraction).toFixed(1));
  const what = `idle latency POST → SMTP reply, ${where}`;
  return { what, ours: `p50 ${p50} ms, p95 ${p95} ms`, result: `${p50} ms`, target: "≤ 100 ms" };
}
