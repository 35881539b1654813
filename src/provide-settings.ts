import { ConfigError } from "./config/read-config.ts";
import type { Config, Settings } from "./config/variables.ts";
import type { Essentials } from "./local/provide-essentials.ts";
import { readDkimKey } from "./mail/dkim.ts";

/** Completes the variables. In production all essentials are set. On a developer's machine, missing ones are provided. */
export async function provideSettings(
  config: Config,
): Promise<{ settings: Settings } & Omit<Essentials, "values">> {
  const DKIM_PRIVATE_KEY = await readDkimKey(config);
  const { values, inboxDirectory, stop } = config.production
    ? requireEssentials(config)
    : await (await import("./local/provide-essentials.ts")).provideEssentials(config);
  const settings = {
    ...config,
    ...values,
    DKIM_PRIVATE_KEY,
    PUBLIC_URL: (config.PUBLIC_URL ?? `http://localhost:${config.PORT}`).replace(/\/$/, ""),
    MAIL_FROM: config.MAIL_FROM ?? { name: "", address: "no-reply@guildhall.localhost" },
  };
  return { settings, inboxDirectory, stop };
}

/** Proves to the compiler that the essentials are set, which `readConfig` has already checked. */
function requireEssentials(config: Config): Essentials {
  const { SECRET_KEY, ADMIN_TOKEN, DATABASE_URL, SMTP_URL } = config;
  if (!SECRET_KEY || !ADMIN_TOKEN || !DATABASE_URL || !SMTP_URL)
    throw new ConfigError("Set SECRET_KEY, ADMIN_TOKEN, DATABASE_URL and SMTP_URL.");
  const values = { SECRET_KEY, ADMIN_TOKEN, DATABASE_URL, SMTP_URL };
  return { values, inboxDirectory: undefined, stop: async () => {} };
}
