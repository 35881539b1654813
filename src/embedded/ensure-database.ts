import { Client } from "pg";

export async function ensureDatabase(origin: string, database: string): Promise<void> {
  const client = new Client({ connectionString: `${origin}/postgres`, ssl: false });
  await client.connect();
  try {
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [database]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}
