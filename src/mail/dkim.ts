import { readFile } from "node:fs/promises";
import { ConfigError } from "../config/read-config.ts";
import { rsaKeyProblem } from "../config/values.ts";
import type { Config, Settings } from "../config/variables.ts";
import type { Log } from "../log.ts";

/** The key and domain that sign emails, as nodemailer takes them. */
export type DkimSigner = ReturnType<typeof dkimSigner>;

export type DkimSettings = Pick<Settings, "DKIM_DOMAIN" | "DKIM_SELECTOR" | "DKIM_PRIVATE_KEY">;

/** All headers of our emails. nodemailer's default lacks those that must be signed by RFC 8058 §4. */
const SIGNED =
  "From:To:Subject:Date:Message-ID:In-Reply-To:References:Auto-Submitted:List-Unsubscribe:List-Unsubscribe-Post:" +
  "MIME-Version:Content-Type:Content-Transfer-Encoding";

/** @returns undefined if Guildhall doesn't sign emails. */
export function dkimSigner(settings: DkimSettings) {
  const { DKIM_DOMAIN: domainName, DKIM_SELECTOR: keySelector, DKIM_PRIVATE_KEY: privateKey } = settings;
  if (domainName === undefined || keySelector === undefined || privateKey === undefined) return undefined;
  return { domainName, keySelector, privateKey, headerFieldNames: SIGNED };
}

/** Warns if the signing domain doesn't match the sender's, because DMARC ignores such a signature. */
export function warnUnlessAligned(
  { DKIM_DOMAIN, MAIL_FROM }: DkimSettings & Pick<Settings, "MAIL_FROM">,
  log: Log,
): void {
  if (DKIM_DOMAIN === undefined) return;
  const sender = MAIL_FROM.address.replace(/^.*@/, "").toLowerCase();
  const isAligned = sender === DKIM_DOMAIN || sender.endsWith(`.${DKIM_DOMAIN}`);
  if (!isAligned)
    log.warn(
      { DKIM_DOMAIN, sender },
      "DKIM_DOMAIN is neither MAIL_FROM's domain nor its parent: receivers will not count the signature for DMARC",
    );
}

/** Reads the key that signs emails, from the variable or its file. @throws ConfigError if the file has no valid key. */
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
