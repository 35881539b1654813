import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { acceptInvitation } from "./bare-accept.ts";
import { createInvitation, listMemberships, readOrganization } from "./bare-answers.ts";
import type { BareAnswer, BareRequest } from "./bare-database.ts";

/**
 * What a hand-written server could do at best: the statements of four requests on a pool of `pg`, between a `JSON.parse`
 * and a `JSON.stringify`. No router to speak of, no validation, no negotiation, no queue.
 */
const ROUTES: Array<[method: string, path: RegExp, answer: (request: BareRequest) => Promise<BareAnswer>]> = [
  ["POST", /^\/api\/invitations$/, createInvitation],
  ["GET", /^\/bridge-payment\/organizations\/(\w+)$/, readOrganization],
  ["GET", /^\/api\/memberships$/, listMemberships],
  ["POST", /^\/invitations\/(\w+)\/accept$/, acceptInvitation],
];

process.on("disconnect", () => process.exit());

const server = createServer((request, response) => {
  answer(request).then(
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

async function answer(request: IncomingMessage): Promise<BareAnswer> {
  const { pathname, searchParams: search } = new URL(request.url ?? "", "http://localhost");
  for (const [method, path, respond] of ROUTES) {
    const match = method === request.method ? path.exec(pathname) : null;
    if (match === null) continue;
    const body = method === "POST" ? await text(request) : "";
    return respond({ headers: request.headers, id: match[1] ?? "", search, body });
  }
  return [404, {}];
}
