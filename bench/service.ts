import { requestText } from "./http-load.ts";
import type { Database, Stage } from "./stage.ts";

export const ADMIN_TOKEN = "operator-token-of-the-bench";
export const SECRET_KEY = "the-secret-key-of-the-bench-has-32-bytes";

export type Backend = "Redis" | "Postgres";

/** The queue backends of this machine, each with the variables that choose it. `redisDatabase` keeps uses apart. */
export function queueBackends(
  { redisUrl }: Stage,
  redisDatabase: number,
): Array<[Backend, Record<string, string>]> {
  const postgres: [Backend, Record<string, string>] = ["Postgres", { REDIS_URL: "" }];
  if (redisUrl === undefined) return [postgres];
  return [["Redis", { REDIS_URL: `${redisUrl}/${redisDatabase}` }], postgres];
}

/** Variables of a production process. The operator calls, because sessions may invite only so many people. */
export function productionVariables({ url }: Database, smtpUrl: string): Record<string, string> {
  return {
    NODE_ENV: "production",
    HOST: "127.0.0.1",
    DATABASE_URL: url,
    SMTP_URL: smtpUrl,
    MAIL_FROM: "no-reply@guildhall.test",
    SECRET_KEY,
    ADMIN_TOKEN,
    LOG_LEVEL: "warn",
  };
}

let people = 0;

/** `count` invitations of new people, spread over the organizations. */
export function* invitations({ organizationIds }: Database, count: number): Iterator<string> {
  const headers = {
    Authorization: `Bearer ${ADMIN_TOKEN}`,
    "X-Environment": "acme-test",
    "Content-Type": "application/vnd.api+json",
    Accept: "application/vnd.api+json",
  };
  for (let done = 0; done < count; done += 1) {
    people += 1;
    const id = organizationIds[people % organizationIds.length];
    const attributes = { email: `person-${people}@example.com` };
    const relationships = { organization: { data: { type: "organization", id } } };
    yield requestText("POST", "/api/invitations", headers, {
      data: { type: "invitation", attributes, relationships },
    });
  }
}
