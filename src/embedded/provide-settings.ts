import { join, resolve } from "node:path";
import { type Config, ConfigError, type Settings } from "../config.ts";
import { readDkimKey } from "../mail/read-dkim-key.ts";
import { generatedSecret } from "./generated-secret.ts";
import { startInbox } from "./inbox.ts";
import { startEmbeddedPostgres } from "./postgres.ts";

export interface ProvidedSettings {
  settings: Settings;
  /** Where the built-in inbox keeps its mails; undefined when mail goes to a real SMTP server. */
  inboxDirectory: string | undefined;
  /** Stops what was started here, last of all. */
  stop(): Promise<void>;
}

/**
 * Completes the variables. Production has been told everything; a developer's machine gets a Postgres of its own, an
 * inbox and generated secrets, all kept in DATA_DIR.
 */
export async function provideSettings(config: Config): Promise<ProvidedSettings> {
  const directory = resolve(config.DATA_DIR);
  const own = (name: string) => {
    if (config.production) throw new ConfigError(`${name} is missing`);
    return generatedSecret(directory, name.toLowerCase().replaceAll("_", "-")).catch((error) => {
      throw new ConfigError(`DATA_DIR must be a directory you can write to (${error.message})`, {
        cause: error,
      });
    });
  };
  const DKIM_PRIVATE_KEY = await readDkimKey(config);
  const SECRET_KEY = config.SECRET_KEY ?? (await own("SECRET_KEY"));
  const ADMIN_TOKEN = config.ADMIN_TOKEN ?? (await own("ADMIN_TOKEN"));
  const postgres =
    config.DATABASE_URL === undefined
      ? await startEmbeddedPostgres({
          directory: join(directory, "postgres"),
          database: "guildhall",
          durable: true,
        }).catch(explain)
      : undefined;
  const inboxDirectory = config.SMTP_URL === undefined ? join(directory, "inbox") : undefined;
  const inbox =
    inboxDirectory === undefined
      ? undefined
      : await startInbox({ directory: inboxDirectory }).catch(async (error) => {
          await postgres?.stop();
          return explain(error);
        });
  return {
    settings: {
      ...config,
      SECRET_KEY,
      ADMIN_TOKEN,
      DKIM_PRIVATE_KEY,
      PUBLIC_URL: (config.PUBLIC_URL ?? `http://localhost:${config.PORT}`).replace(/\/$/, ""),
      MAIL_FROM: config.MAIL_FROM ?? { name: "", address: "no-reply@guildhall.localhost" },
      DATABASE_URL: config.DATABASE_URL ?? postgres?.url ?? "",
      SMTP_URL: config.SMTP_URL ?? inbox?.smtpUrl ?? "",
    },
    inboxDirectory,
    async stop() {
      await inbox?.stop();
      await postgres?.stop();
    },
  };
}

/** Whatever keeps an embedded part from starting comes with a sentence that says what to do: a stack would bury it. */
function explain(error: Error): never {
  throw new ConfigError(error.message, { cause: error });
}
