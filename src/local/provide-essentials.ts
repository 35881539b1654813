import { join, resolve } from "node:path";
import { ConfigError } from "../config/read-config.ts";
import type { Config, Settings } from "../config/variables.ts";
import { generatedSecret } from "./generated-secret.ts";
import { startInbox } from "./inbox.ts";
import { startEmbeddedPostgres } from "./postgres.ts";

/** The settings that a process can't run without, set by the operator or provided here. */
export interface Essentials {
  values: Pick<Settings, "SECRET_KEY" | "ADMIN_TOKEN" | "DATABASE_URL" | "SMTP_URL">;
  /** The folder of the built-in inbox. Undefined if emails go to a real SMTP server. */
  inboxDirectory: string | undefined;
  /** Stops what was started to provide the values. Call it last. */
  stop(): Promise<void>;
}

/** Generates missing secrets, and starts a Postgres and an inbox unless others are set. Keeps everything in DATA_DIR. */
export async function provideEssentials(config: Config): Promise<Essentials> {
  const directory = resolve(config.DATA_DIR);
  const SECRET_KEY = config.SECRET_KEY ?? (await secretIn(directory, "secret-key"));
  const ADMIN_TOKEN = config.ADMIN_TOKEN ?? (await secretIn(directory, "admin-token"));

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
    values: {
      SECRET_KEY,
      ADMIN_TOKEN,
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

async function secretIn(directory: string, name: string): Promise<string> {
  return generatedSecret(directory, name).catch((cause) => {
    throw new ConfigError(`DATA_DIR must be a directory you can write to (${cause.message})`, { cause });
  });
}

/** These errors already say what to do, so they are printed without a stack. */
function explain(error: Error): never {
  throw new ConfigError(error.message, { cause: error });
}
