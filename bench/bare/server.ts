import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { acceptInvitation } from "./accept.ts";
import { createInvitation } from "./create.ts";
import { listForBridge, listForManagement, readOrganization } from "./reads.ts";
import type { BareAnswer, BareRequest } from "./request.ts";

/**
 * The server that someone would write by hand for these five requests alone: `node:http`, `pg`, and for each request
 * one prepared statement that is all of its work. It shares nothing with `src/`: it has statements of its own, uses no
 * SQL function of the schema, and imports no module (`test/architecture.test.ts`).
 *
 * It uses the same tables, because their constraints are the guarantees; what indexes and triggers cost is on both
 * sides. Whatever the measured requests never meet is left out: validation beyond parsing, detailed errors, request
 * limits, queues, sessions started for somebody else, organizations without an owner.
 */
const ROUTES: Array<[method: string, path: RegExp, answer: (request: BareRequest) => Promise<BareAnswer>]> = [
  ["POST", /^\/api\/invitations$/, createInvitation],
  ["GET", /^\/bridge-payment\/organizations\/(\w+)$/, readOrganization],
  ["GET", /^\/bridge-payment\/organizations\/(\w+)\/members$/, listForBridge],
  ["GET", /^\/api\/memberships$/, listForManagement],
  ["POST", /^\/invitations\/(\w+)\/accept$/, acceptInvitation],
];

process.on("disconnect", () => process.exit());

const server = createServer((request, response) => {
  answer(request).then(
    ([status, document]) => {
      const body = Buffer.from(JSON.stringify(document));
      response.writeHead(status, { "Content-Type": "application/json", "Content-Length": body.length });
      response.end(body);
    },
    (error) => response.writeHead(500).end(String(error)),
  );
}).listen(0, "127.0.0.1");
await once(server, "listening");
process.send?.(server.address());

async function answer(request: IncomingMessage): Promise<BareAnswer> {
  const { pathname, searchParams: query } = new URL(request.url ?? "", "http://localhost");
  for (const [method, path, respond] of ROUTES) {
    const match = method === request.method ? path.exec(pathname) : null;
    if (match === null) continue;
    return respond({
      environment: String(request.headers["x-environment"]),
      bearer: request.headers.authorization?.replace("Bearer ", ""),
      session: String(request.headers["x-session-id"]),
      id: match[1] ?? "",
      query,
      body: method === "POST" ? await text(request) : "",
    });
  }
  return [404, {}];
}
