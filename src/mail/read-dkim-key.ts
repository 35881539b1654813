import { readFile } from "node:fs/promises";
import { ConfigError } from "../config/read-config.ts";
import { rsaKeyProblem } from "../config/values.ts";
import type { Config } from "../config/variables.ts";

/** The key mails are signed with, from wherever it is kept. @throws ConfigError when its file holds none. */
export async function readDkimKey({
  DKIM_PRIVATE_KEY,
  DKIM_PRIVATE_KEY_FILE,
}: Pick<Config, "DKIM_PRIVATE_KEY" | "DKIM_PRIVATE_KEY_FILE">): Promise<string | undefined> {
  if (DKIM_PRIVATE_KEY_FILE === undefined) return DKIM_PRIVATE_KEY;
  const key = await readFile(DKIM_PRIVATE_KEY_FILE, "utf8").catch((error) => {
    throw new ConfigError(`DKIM_PRIVATE_KEY_FILE can't be read (${error.code})`, { cause: error });
  });
  const problem = rsaKeyProblem(key);
  if (problem !== undefined) throw new ConfigError(`DKIM_PRIVATE_KEY_FILE ${problem}`);
  return key;
}
