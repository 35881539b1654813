import type { IncomingHttpHeaders } from "node:http";
import pg from "pg";
import type { AccessQuestion } from "../src/access/access-question.ts";
import { askAccess } from "../src/access/find-access.ts";

export interface BareRequest {
  headers: IncomingHttpHeaders;
  /** The id in the path, if there is one. */
  id: string;
  search: URLSearchParams;
  body: string;
}

export type BareAnswer = [status: number, document: object];

export const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: Number(process.env.POOL_SIZE),
});

/** Prepared under its name, as careful code would do it. */
export function prepared(db: pg.Pool | pg.PoolClient, name: string, text: string, values: unknown[]) {
  return db.query({ name, text, values });
}

/** Environment, caller and rights, by our own statement. */
export async function access(headers: IncomingHttpHeaders, question: Partial<AccessQuestion>) {
  const { run, values } = askAccess({
    environments: [String(headers["x-environment"])],
    environmentOf: null,
    sessionHash: null,
    clientId: null,
    organization: null,
    ...question,
  });
  const { rows } = await pool.query(run.query(values));
  return rows[0];
}
