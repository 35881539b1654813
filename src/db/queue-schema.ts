import {
  assertSchemaCompatibility,
  LATEST_SCHEMA_VERSION,
  runMigrations,
  SchemaMigrationRequiredError,
} from "bullmq";
import type { Client } from "pg";
import { QUEUES } from "../../jobs/queues.ts";

/**
 * Creates a sequence for each queue. BullMQ would do that at a queue's first job, but then every process would need
 * the right to create one. Roles that may use BullMQ's other sequences may use these too.
 */
const CREATE_SEQUENCES = `
  do $$
  declare
    queue text;
    grantee regrole;
  begin
    foreach queue in array '{${QUEUES.join(",")}}'::text[] loop
      execute format('create sequence if not exists bullmq.%I', bullmq.job_id_seq_name(queue));
      for grantee in
        select distinct acl.grantee from pg_class, aclexplode(relacl) acl
        where oid = 'bullmq.job_seq'::regclass and privilege_type = 'USAGE' and acl.grantee <> 0
      loop
        execute format('grant usage on sequence bullmq.%I to %s', bullmq.job_id_seq_name(queue), grantee);
      end loop;
    end loop;
  end $$`;

/** @throws if the tables are too new for this version's BullMQ. */
export async function isQueueSchemaReady(client: Client): Promise<boolean> {
  try {
    return (await assertSchemaCompatibility(client)) >= LATEST_SCHEMA_VERSION;
  } catch (error) {
    if (error instanceof SchemaMigrationRequiredError) return false;
    throw error;
  }
}

/** Migrates BullMQ's tables, and creates everything that a process without the right to create would lack. */
export async function prepareQueueSchema(client: Client): Promise<void> {
  await runMigrations(client);
  await client.query(CREATE_SEQUENCES);
}
