import { readFileSync } from "node:fs";
import { openDatabase } from "../src/db/connection.ts";
import { newId } from "../src/lib/id.ts";
import { quantile } from "./measure.ts";
import type { Options } from "./options.ts";
import { productionVariables } from "./service.ts";
import { openSink } from "./sink.ts";
import type { Stage } from "./stage.ts";
import type { Report } from "./table.ts";

const CHUNK = 5_000;

/** Samples the resident memory of a worker that sends many emails every second, and shows whether it grows. */
export async function benchMemory(stage: Stage, { memoryEmails: emails }: Options): Promise<Report> {
  const sink = await openSink(stage);
  const database = await stage.createDatabase("memory");
  await fill(database.url, database.organizationIds, emails);
  const samples: number[] = [];
  let sampling: NodeJS.Timeout | undefined;
  await sink.untilAccepted(emails, () => {
    const { pid = 0 } = stage.startWorker(productionVariables(database, sink.url));
    sampling = setInterval(() => samples.push(residentMebibytes(pid)), 1_000);
  });
  clearInterval(sampling);

  const half = Math.floor(samples.length / 2);
  const [first, second] = [samples.slice(0, half), samples.slice(half)].map((part) => quantile(part, 0.5));
  const judgment = {
    what: `memory: a worker that sends ${emails.toLocaleString("en")} emails, at most`,
    ours: `median ${first?.toFixed(0)} MiB, then ${second?.toFixed(0)} MiB`,
    ...{ reference: "", result: Math.max(...samples), unit: " MiB", target: { atMost: 160 } },
  };
  return { measured: [], judgments: [judgment] };
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
