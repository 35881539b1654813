import { benchBatch } from "./batch.ts";
import { benchBeside, benchDetach } from "./detach.ts";
import { benchExpire } from "./expire.ts";
import { benchLatency, benchMail, benchWorker } from "./mail.ts";
import { type Options, options } from "./options.ts";
import { benchRequests, type KINDS } from "./requests.ts";
import { openStage, type Stage } from "./stage.ts";
import * as table from "./table.ts";
import { benchMemory } from "./worker-memory.ts";

type Bench = (stage: Stage, options: Options) => Promise<table.Report>;

const request =
  (row: keyof typeof KINDS): Bench =>
  (stage, chosen) =>
    benchRequests(stage, row, chosen);

const ROWS: Record<string, [what: string, bench: Bench]> = {
  create: ["create an invitation, by a session of the organization's owner", request("create")],
  operator: ["create an invitation, by the operator", request("operator")],
  accept: ["accept an invitation: by its link; in Better Auth as a signed-in user", request("accept")],
  permission: ["check a permission and read the organization", request("permission")],
  list: ["list 20 members with their users, Management API", request("list")],
  bridge: ["list 20 members with names, addresses and roles, Bridge API", request("bridge")],
  mail: ["from POST to SMTP reply", benchMail],
  worker: ["the worker alone, with a backlog", benchWorker],
  latency: ["from POST to SMTP reply with nothing else to do", benchLatency],
  batch: ["a batch of invitations, from POST to the last SMTP reply", benchBatch],
  expire: ["expire overdue invitations", benchExpire],
  detach: ["take a deleted organization off its resources", benchDetach],
  beside: ["what other organizations notice of that", benchBeside],
  memory: ["memory of a worker", benchMemory],
};

/** `npm run bench`, or `npm run bench -- create,list` for some rows: this machine, now. */
const chosen = process.argv[2]?.split(",") ?? Object.keys(ROWS);
const unknown = chosen.filter((name) => ROWS[name] === undefined);
if (unknown.length > 0) {
  console.error(`Unknown row: ${unknown.join(", ")}. The bench has these rows:\n`);
  for (const [name, [what]] of Object.entries(ROWS)) console.error(`  ${name.padEnd(12)}${what}`);
  process.exit(1);
}

const stage = await openStage();
let closing: Promise<void> | undefined;
const close = () => {
  closing ??= stage.close();
  return closing;
};
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => void close().then(() => process.exit(130)));

const judged: string[][] = [];
const cost: string[][] = [];
try {
  console.log(`${table.describeMachine()}\n`);
  for (const name of chosen) {
    const [what, bench] = ROWS[name] as [string, Bench];
    console.log(`## ${name}: ${what}\n`);
    const { measured, judgments, statements } = await bench(stage, options);
    const lines = measured.map((contestant) => table.costs(name, contestant));
    if (lines.length > 0) table.printTable(table.COST_HEAD, lines);
    if (statements !== undefined)
      table.printTable(table.STATEMENT_HEAD, table.describeStatements(statements));
    table.printTable(table.JUDGMENT_HEAD, judgments.map(table.judge));
    judged.push(...judgments.map(table.judge));
    cost.push(...lines);
  }
  const { rounds, seconds, connections, emails, rows } = options;
  console.log("## All rows\n");
  console.log(
    `Medians (and extremes) of ${rounds} rounds in turns, each of ${seconds} s, ${emails} emails or`,
  );
  console.log(`${rows.toLocaleString("en")} rows; requests over ${connections} connections.\n`);
  table.printTable(table.JUDGMENT_HEAD, judged);
  table.printTable(table.COST_HEAD, cost);
} finally {
  await close();
}
