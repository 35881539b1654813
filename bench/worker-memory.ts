import { once } from "node:events";
import { readFileSync } from "node:fs";
import { openDatabase } from "../src/db/connection.ts";
import { newId } from "../src/lib/id.ts";
import { quantile } from "./measure.ts";
import { productionVariables } from "./service.ts";
import type { Stage } from "./stage.ts";
import type { Row } from "./table.ts";

const CHUNK = 5_000;

/** Samples the resident memory of a worker that sends many emails every second, and says whether it grows. */
export async function benchWorkerMemory(stage: Stage, { mails }: { mails: number }): Promise<Row[]> {
  const sink = await stage.startHelper("smtp-sink.ts", {});
  const database = await stage.createDatabase("worker_memory");
  await fill(database.url, database.organizationIds, mails);
  sink.child.send(mails);
  const accepted = once(sink.child, "message");
  const { pid = 0 } = stage.startWorker(productionVariables(database, `smtp://127.0.0.1:${sink.port}`));
  const samples: number[] = [];
  const sampling = setInterval(() => samples.push(residentMebibytes(pid)), 1_000);
  await accepted;
  clearInterval(sampling);

  const half = Math.floor(samples.length / 2);
  const [first, second] = [samples.slice(0, half), samples.slice(half)].map((part) => quantile(part, 0.5));
  return [
    {
      what: `memory of a worker through ${mails.toLocaleString("en")} mails`,
      ours: `median ${first?.toFixed(0)}, then ${second?.toFixed(0)} MiB`,
      result: `at most ${Math.max(...samples).toFixed(0)} MiB`,
      target: "≤ 160 MiB, flat",
    },
  ];
}

function residentMebibytes(pid: number): number {
  const [, kibibytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kibibytes) / 1_024;
}

/** Writes invitations whose emails wait, as the API would. */
async function fill(url: string, organizationIds: string[], count: number): Promise<void> {
  const db = openDatabase({ url, poolSize: 1, name: "bench" });
  const { id: environment_id } = await db("environments").first("id");
  for (let done = 0; done < count; done += CHUNK) {
    const people = Array.from({ length: Math.min(CHUNK, count - done) }, (_, index) => ({
      invitation_id: newId("inv"),
      delivery_id: newId("dlv"),
      email: `remembered-${done + index}@example.com`,
      organization_id: organizationIds[index % organizationIds.length],
    }));
    await db.raw(
      `with person as (
         select * from jsonb_to_recordset(:people) as p(invitation_id text, delivery_id text, email text, organization_id text)
       ), invited as (
         insert into invitations (id, environment_id, organization_id, email, email_canonical, expires_at)
         select invitation_id, :environment_id, organization_id, email, email, now() + interval '7 days' from person
       )
       insert into mail_deliveries (id, environment_id, invitation_id, kind, email, email_canonical)
       select delivery_id, :environment_id, invitation_id, 'invitation', email, email from person`,
      { people: JSON.stringify(people), environment_id },
    );
  }
  await db.destroy();
}
