import { randomUUID } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { randomToken } from "../lib/random-token.ts";

/**
 * Returns the secret kept in `directory`. The first call generates it, readable by its owner only. Two processes that
 * start at once read the same secret, because a complete file is linked into place.
 */
export async function generatedSecret(directory: string, name: string): Promise<string> {
  const path = join(directory, name);
  const draft = `${path}.${randomUUID()}`;
  await mkdir(directory, { recursive: true });
  await writeFile(draft, `${randomToken()}\n`, { mode: 0o600 });
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await rm(draft);
  return (await readFile(path, "utf8")).trim();
}
