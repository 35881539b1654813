import { setTimeout as sleep } from "node:timers/promises";
import { drive } from "./http-load.ts";
import { type Contestant, type Measured, quantile, takeTurns } from "./measure.ts";
import type { Options } from "./options.ts";
import { AS_OPERATOR, invitations, productionVariables, queueOf } from "./service.ts";
import { openSink } from "./sink.ts";
import type { Stage } from "./stage.ts";
import { compare, type Report } from "./table.ts";

/** Milliseconds between two samples of latency: by then the last one's outcome is written. */
const PAUSE = 30;

type Rig = Awaited<ReturnType<typeof setUp>>;
let rig: Promise<Rig> | undefined;

/** One API process, one worker process and a sink; beside them a loop of nodemailer that sends to the same sink. */
async function setUp(stage: Stage, { connections }: Options) {
  const sink = await openSink(stage);
  const database = await stage.createDatabase("mail");
  const variables = { ...productionVariables(database, sink.url), ...queueOf(stage, 1) };
  const api = await stage.startApi(variables);
  const worker = stage.startWorker(variables);
  const mailer = await stage.startHelper("bare/mailer.ts", { SMTP_URL: sink.url });
  const { Postgres, Redis } = stage.servers;
  const servers = { worker: worker.pid ?? 0, Postgres, ...(Redis !== undefined && { Redis }) };
  const organizations = database.organizationIds.map((organization_id) => ({ organization_id }));
  const post = (count: number) =>
    drive(api.port, invitations(organizations, count, () => AS_OPERATOR)[Symbol.iterator](), connections);
  const whole: Contestant = {
    who: "ours",
    processes: { server: api.pid, ...servers },
    run: (count) => sink.untilAccepted(count, () => post(count)),
  };
  /** Frozen while the invitations are posted, and timed from when it goes on. */
  const workerAlone: Contestant = {
    who: "ours",
    processes: servers,
    async prepare(count) {
      worker.kill("SIGSTOP");
      await post(count);
    },
    run: (count) => sink.untilAccepted(count, () => worker.kill("SIGCONT")),
  };
  const bare: Contestant = {
    who: "bare",
    processes: { worker: mailer.pid },
    run: (count) => sink.untilAccepted(count, () => mailer.child.send({ count })),
  };
  return { sink, whole, workerAlone, bare };
}

/** From the first POST to the last SMTP reply, against nodemailer alone. */
export async function benchMail(stage: Stage, options: Options): Promise<Report> {
  rig ??= setUp(stage, options);
  const { sink, whole, bare } = await rig;
  const [ours, theirs, report] = await against("mail", whole, bare, options);
  const sizeOf = async ({ run }: Contestant) => {
    await run(20);
    return sink.bytesPerEmail();
  };
  console.log(
    `An email of ours has ${await sizeOf(whole)} bytes, one of the bare loop ${await sizeOf(bare)}.\n`,
  );
  return {
    ...report,
    judgments: [...report.judgments, cpuJudgment("mail: CPU of all processes", ours, theirs, 2)],
  };
}

/** The worker alone, with a backlog. */
export async function benchWorker(stage: Stage, options: Options): Promise<Report> {
  rig ??= setUp(stage, options);
  const { workerAlone, bare } = await rig;
  const [ours, theirs, report] = await against("worker", workerAlone, bare, options, 0.8);
  const ownProcess = { ...ours, cpu: { worker: ours.cpu.worker ?? 0 } };
  return {
    ...report,
    judgments: [...report.judgments, cpuJudgment("worker: CPU of its process", ownProcess, theirs, 1.25)],
  };
}

async function against(
  row: string,
  ours: Contestant,
  bare: Contestant,
  { emails, rounds }: Options,
  target?: number,
): Promise<[Measured, Measured, Report]> {
  const turns = { rounds, warmUp: emails, each: { count: emails } };
  const measured = (await takeTurns([ours, bare], turns)) as [Measured, Measured];
  return [...measured, { measured, judgments: compare(`${row} ÷ bare nodemailer`, ...measured, target) }];
}

function cpuJudgment(what: string, ours: Measured, bare: Measured, atMost: number) {
  const [one, other] = [ours, bare].map(({ cpu }) =>
    Object.values(cpu).reduce((sum, time) => sum + time, 0),
  ) as [number, number];
  return {
    what: `${what} per email ÷ bare nodemailer`,
    ...{ ours: `${one.toFixed(2)} ms`, reference: `${other.toFixed(2)} ms`, result: one / other },
    target: { atMost },
  };
}

/** One invitation at a time, with nothing else to do: how long until its email is accepted. */
export async function benchLatency(stage: Stage, options: Options): Promise<Report> {
  rig ??= setUp(stage, options);
  const { whole } = await rig;
  const milliseconds: number[] = [];
  for (let sample = 0; sample < options.samples; sample += 1) {
    await sleep(PAUSE);
    const startedAt = performance.now();
    await whole.run(1);
    milliseconds.push(performance.now() - startedAt);
  }
  const [p50, p99] = [quantile(milliseconds, 0.5), quantile(milliseconds, 0.99)];
  const ours = `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
  const what = "latency: POST to SMTP reply with nothing else to do, p50";
  return {
    measured: [],
    judgments: [{ what, ours, reference: "", result: p50, unit: " ms", target: { atMost: 50 } }],
  };
}
