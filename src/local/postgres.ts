import { join, resolve } from "node:path";
import { Client } from "pg";
import { findHome, findPrograms } from "./postgres-home.ts";
import { createCluster, removeUnfinished, startServer, stopServer } from "./postgres-server.ts";

export interface EmbeddedPostgres {
  url: string;
  stop(): Promise<void>;
}

interface EmbeddedPostgresOptions {
  /** Created if missing. Deleting it deletes the database. */
  directory: string;
  /** Created if missing. */
  database: string;
  /** False if a power cut may destroy the data, as in tests. */
  durable: boolean;
  settings?: Record<string, string>;
}

const UTC = { timezone: "UTC", log_timezone: "UTC" };
const UNSAFE_BUT_QUICK = { fsync: "off", full_page_writes: "off" };

/**
 * Runs the Postgres that npm installed, on a free port of 127.0.0.1. If this process is killed, the server keeps
 * running, and the next start in the same directory uses it.
 * @throws an error that says what to do, such as when another process uses the directory.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const directory = resolve(options.directory);
  const home = await findHome(directory);
  const programs = await findPrograms(home);
  const password = await createCluster(home, programs, options.durable);
  const settings = { ...UTC, ...(options.durable ? {} : UNSAFE_BUT_QUICK), ...options.settings };
  const server = await startServer(home, programs, settings);
  const data = join(home.path, "data");

  const origin = `postgres://guildhall:${password}@127.0.0.1:${server.port}`;
  const application_name = `process ${process.pid}`;
  const client = new Client({ connectionString: `${origin}/postgres`, ssl: false, application_name });
  // The client stays connected until the server stops, which would otherwise raise an error.
  client.on("error", () => {});
  let other: string | undefined;
  try {
    await client.connect();
    other = await claim(client);
    if (other === undefined) await ensureDatabase(client, options.database);
  } catch (error) {
    await client.end();
    if (server.isNew) await stopServer(data);
    throw error;
  }
  if (other !== undefined) {
    await client.end();
    throw new Error(
      `Another Guildhall (${other}) is using ${directory}; stop it, or set DATA_DIR to another directory.`,
    );
  }
  await removeUnfinished(home);

  let stopped: Promise<void> | undefined;
  return {
    url: `${origin}/${encodeURIComponent(options.database)}`,
    stop() {
      stopped ??= stopServer(data);
      return stopped;
    },
  };
}

/**
 * Makes this process the owner of the server, or returns the name of the owner. The lock belongs to the connection,
 * so it ends with the process, even if that is killed.
 */
async function claim(client: Client): Promise<string | undefined> {
  try {
    // Postgres may need a moment to notice that a killed owner is gone.
    await client.query("set lock_timeout = '2s'");
    await client.query("select pg_advisory_lock(1)");
    return undefined;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "55P03")) throw error;
    const { rows } = await client.query(
      `select application_name from pg_stat_activity join pg_locks using (pid)
       where locktype = 'advisory' and granted and datname = current_database()`,
    );
    return rows[0]?.application_name ?? "which is stopping";
  }
}

async function ensureDatabase(client: Client, database: string): Promise<void> {
  const { rowCount } = await client.query("select from pg_database where datname = $1", [database]);
  if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`);
}
