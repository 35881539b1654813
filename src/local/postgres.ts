import { join, resolve } from "node:path";
import { Client } from "pg";
import { claimHome } from "./claim-home.ts";
import { clusterHome } from "./cluster-home.ts";
import { initCluster } from "./init-cluster.ts";
import { launchServer } from "./launch-server.ts";
import { postgresBinaries } from "./postgres-binaries.ts";
import { stopOrphan } from "./stop-orphan.ts";

export interface EmbeddedPostgres {
  url: string;
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Created if missing. Deleting it deletes the database. */
  directory: string;
  /** Created if missing. */
  database: string;
  /** false: a power cut may destroy the data. For tests. */
  durable: boolean;
  settings?: Record<string, string>;
}

const UTC = { timezone: "UTC", log_timezone: "UTC" };
const UNSAFE_BUT_QUICK = { fsync: "off", full_page_writes: "off" };

/**
 * Runs the Postgres that npm ships, on a free port of 127.0.0.1. If this process is killed the server lives on,
 * and the next start in the same directory stops it first.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const directory = resolve(options.directory);
  const home = await clusterHome(directory);
  const release = await claimHome(home.path, directory);

  try {
    const { initdb, postgres } = await postgresBinaries(home.user);
    await stopOrphan(join(home.path, "data"));
    const password = await initCluster(home, initdb, options.durable);
    const settings = { ...UTC, ...(options.durable ? {} : UNSAFE_BUT_QUICK), ...options.settings };
    const server = await launchServer(home, postgres, settings, join(directory, "postgres.log"));

    const origin = `postgres://guildhall:${password}@127.0.0.1:${server.port}`;
    await ensureDatabase(origin, options.database).catch(async (error) => {
      await server.stop();
      throw error;
    });

    let stopped: Promise<void> | undefined;
    return {
      url: `${origin}/${encodeURIComponent(options.database)}`,
      stop() {
        stopped ??= server.stop().then(release);
        return stopped;
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

async function ensureDatabase(origin: string, database: string): Promise<void> {
  const client = new Client({ connectionString: `${origin}/postgres`, ssl: false });
  await client.connect();
  try {
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [database]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}
