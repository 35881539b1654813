import { requestText } from "./http-load.ts";
import type { Database, Stage } from "./stage.ts";

export const ADMIN_TOKEN = "operator-token-of-the-bench";
export const SECRET_KEY = "the-secret-key-of-the-bench-has-32-bytes";

/** Variables that put the queue on Redis, or on Postgres if the machine has no Redis. `redisDatabase` keeps uses apart. */
export function queueOf({ redisUrl }: Stage, redisDatabase: number): { REDIS_URL: string } {
  return { REDIS_URL: redisUrl === undefined ? "" : `${redisUrl}/${redisDatabase}` };
}

/** Variables of a production process. */
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

/** Invitations of new people, spread over organizations. @param as who invites: headers for each. */
export function* invitations<Inviting extends { organization_id: string }>(
  organizations: Inviting[],
  count: number,
  as: (inviting: Inviting) => Record<string, string>,
): Iterable<string> {
  for (let done = 0; done < count; done += 1) {
    people += 1;
    const inviting = organizations[people % organizations.length] as Inviting;
    const attributes = { email: `person-${people}@example.com` };
    const organization = { data: { type: "organization", id: inviting.organization_id } };
    yield requestText(
      "POST",
      "/api/invitations",
      { "Content-Type": "application/vnd.api+json", ...as(inviting) },
      { data: { type: "invitation", attributes, relationships: { organization } } },
    );
  }
}

/** Headers of the operator, whom no limit holds. */
export const AS_OPERATOR = { Authorization: `Bearer ${ADMIN_TOKEN}`, "X-Environment": "acme-test" };
