import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { randomToken } from "../lib/random-token.ts";

/**
 * A secret made at the first start and kept in `directory`, readable by its owner only. Linked into place when it is
 * complete, so that of two processes that start at once both read the same one.
 */
export async function generatedSecret(directory: string, name: string): Promise<string> {
  const path = join(directory, name);
  const draft = `${path}.${process.pid}`;
  await mkdir(directory, { recursive: true });
  await writeFile(draft, `${randomToken()}\n`, { mode: 0o600 });
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await rm(draft);
  return (await readFile(path, "utf8")).trim();
}
