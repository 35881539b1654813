import type { Settings } from "../config.ts";
import { SEEDED_ENVIRONMENT, type Seeded } from "./seed-development.ts";

/** What `npm start` prints: where things are, and lines that work when pasted. */
export function welcome(
  { PUBLIC_URL, ADMIN_TOKEN }: Pick<Settings, "PUBLIC_URL" | "ADMIN_TOKEN">,
  { organizationId, billingRoleId }: Seeded,
  sessionToken: string,
  hasInbox: boolean,
): string {
  const headers = `-H 'X-Environment: ${SEEDED_ENVIRONMENT}' -H 'X-Session-ID: ${sessionToken}'`;
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
  return `
Guildhall is ready.

  API       ${PUBLIC_URL}/api   (environment ${SEEDED_ENVIRONMENT})
${hasInbox ? `  Inbox     ${PUBLIC_URL}/inbox   (every mail lands here)\n` : ""}  Workbench ${PUBLIC_URL}/dev/mails   (every mail and page, as you edit it)
  Session   X-Session-ID: ${sessionToken}   (Ada Lovelace, owner of Acme Corp)
  Operator  Authorization: Bearer ${ADMIN_TOKEN}

Invite somebody, as Ada:

  curl -X POST '${PUBLIC_URL}/api/invitations' ${headers} \\
    -H 'Content-Type: application/vnd.api+json' \\
    -d '${JSON.stringify(invitation)}'

Open the inbox, read the mail, click Accept. Then see the members:

  curl '${PUBLIC_URL}/api/memberships?filter%5Borganization%5D=${organizationId}' ${headers}

Stop with Ctrl-C; start again and everything is still there.
`;
}
