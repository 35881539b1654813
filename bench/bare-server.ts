import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import pg from "pg";
import { insertInvitation } from "../src/invitations/insert-invitation.ts";
import { newId } from "../src/lib/id.ts";
import { askAccess } from "../src/sessions/ask-access.ts";

/**
 * What a hand-written server could do at best: the statements of POST /api/invitations on a pool of `pg`, between a
 * `JSON.parse` and a `JSON.stringify`. No router, no validation, no negotiation, no queue.
 */
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: Number(process.env.POOL_SIZE) });
const authorization = `Bearer ${process.env.ADMIN_TOKEN}`;

process.on("disconnect", () => process.exit());

const server = createServer((request, response) => {
  createInvitation(request).then(
    ([status, document]) => {
      const body = Buffer.from(JSON.stringify(document));
      const headers = { "Content-Type": "application/vnd.api+json", "Content-Length": body.length };
      response.writeHead(status, headers).end(body);
    },
    (error) => response.writeHead(500).end(String(error)),
  );
}).listen(0, "127.0.0.1");
await once(server, "listening");
process.send?.(server.address());

async function createInvitation(request: IncomingMessage): Promise<[number, object]> {
  if (request.headers.authorization !== authorization) return [401, {}];
  const { data } = JSON.parse((await buffer(request)).toString());
  const organization = data.relationships.organization.data.id;
  const { email, role_ids = [], message = null, locale = null, metadata = {} } = data.attributes;
  const { run, values } = askAccess({
    environments: [String(request.headers["x-environment"])],
    environmentOf: null,
    sessionHash: null,
    clientId: null,
    organization: { organization },
  });
  const access = await pool.query({ ...run.query, values });
  const [{ environment_id }] = access.rows;
  const canonical = email.toLowerCase();
  const written = await pool.query({
    ...insertInvitation.query,
    values: [
      ...[
        environment_id,
        organization,
        email,
        canonical,
        role_ids,
        null,
        newId("inv"),
        null,
        message,
        locale,
      ],
      ...[JSON.stringify(metadata), null, 7, newId("dlv"), newId("evt"), newId("evt"), "operator", true],
    ],
  });
  const [{ invitation }] = written.rows;
  return invitation === null ? [409, {}] : [201, { data: invitation }];
}
