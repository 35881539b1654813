import { randomBytes } from "node:crypto";
import pg from "pg";

/** As many connections as the service opens; each statement is prepared and planned once per connection. */
export const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: Number(process.env.POOL_SIZE ?? 10),
  options: "-c plan_cache_mode=force_generic_plan -c jit=off",
});

/** Runs a statement prepared under its name. */
export async function run(name: string, text: string, values: unknown[]) {
  const { rows } = await pool.query({ name, text, values });
  return rows;
}

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** An id that sorts by time, as the tables want it. */
export function id(prefix: string): string {
  const time = Date.now().toString(32).padStart(10, "0");
  return `${prefix}_${time}${Array.from(randomBytes(16), (byte) => ALPHABET[byte % 32]).join("")}`;
}
