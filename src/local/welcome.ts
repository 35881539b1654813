import type { Config } from "../config/variables.ts";
import type { Context } from "../context.ts";
import { generatedSecret } from "./generated-secret.ts";
import { SEEDED_ENVIRONMENT, type Seeded, seedDevelopment } from "./seed-development.ts";

export interface Welcome extends Seeded {
  publicUrl: string;
  sessionToken: string;
  /** Undefined if the developer set ADMIN_TOKEN. They know it, and it shouldn't be on a screen. */
  operatorToken: string | undefined;
  /** False if emails go to SMTP_URL. */
  hasInbox: boolean;
}

/** Adds the sample data. Returns the welcome, to be printed when the service is ready. */
export async function seedAndGreet(context: Context, config: Config, hasInbox: boolean): Promise<string> {
  const { settings } = context;
  const sessionToken = await generatedSecret(settings.DATA_DIR, "session-token");
  return welcome({
    ...(await seedDevelopment(context, sessionToken)),
    publicUrl: settings.PUBLIC_URL,
    sessionToken,
    operatorToken: config.ADMIN_TOKEN === undefined ? settings.ADMIN_TOKEN : undefined,
    hasInbox,
  });
}

/** Returns the text that `npm start` prints: where things are, and commands that work when pasted. */
export function welcome(of: Welcome): string {
  const { publicUrl, organizationId, billingRoleId, owner, sessionToken, operatorToken, hasInbox } = of;
  const credential =
    owner === undefined
      ? `Authorization: Bearer ${operatorToken ?? "$ADMIN_TOKEN"}`
      : `X-Session-ID: ${sessionToken}`;
  const headers = `-H 'X-Environment: ${SEEDED_ENVIRONMENT}' -H "${credential}"`;
  const invitation = {
    data: {
      type: "invitation",
      attributes: {
        email: "you@example.com",
        role_ids: [billingRoleId],
        message: "Will you look after our books?",
      },
      relationships: { organization: { data: { type: "organization", id: organizationId } } },
    },
  };
  const places = [
    `API       ${publicUrl}/api   (environment ${SEEDED_ENVIRONMENT})`,
    `Docs      ${publicUrl}/docs   (guide, and a reference of every endpoint)`,
    hasInbox && `Inbox     ${publicUrl}/inbox   (every email arrives here)`,
    `Previews  ${publicUrl}/dev/mails   (every email and page, as you edit it)`,
    owner !== undefined && `Session   X-Session-ID: ${sessionToken}   (${owner}, owner of Acme Corp)`,
    `Operator  Authorization: Bearer ${operatorToken ?? "$ADMIN_TOKEN"}`,
  ];
  return `
Guildhall is ready.

${places
  .filter((line) => line !== false)
  .map((line) => `  ${line}\n`)
  .join("")}
Invite somebody, as ${owner ?? "the operator"}:

  curl -X POST '${publicUrl}/api/invitations' ${headers} \\
    -H 'Content-Type: application/vnd.api+json' \\
    -d '${JSON.stringify(invitation)}'

${hasInbox ? "Open the inbox, read the email" : "The email goes to your SMTP_URL, so invite an address you can read. Open the email"}, click Accept. Then see the members and their names:

  curl '${publicUrl}/api/memberships?filter%5Borganization%5D=${organizationId}&include=user' ${headers}

Stop with Ctrl-C; start again and everything is still there.
`;
}
