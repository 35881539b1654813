import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";

export const BRIDGE_SECRET = "what-guildhall-and-the-service-both-know";

/** A question that the service received. */
export interface Asked {
  method: string | undefined;
  path: string | undefined;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
}

/** The service's answer about a token: a document, or a function that writes the response. */
export type Reply = { status: number; body: unknown } | ((response: ServerResponse) => unknown);

/** The team's own auth service, over real HTTP. It knows only the sessions of the test. */
export interface AuthService {
  url: string;
  /** Sets the answers about a token: these in turn, the last one repeatedly. */
  says(token: string, ...replies: Reply[]): void;
  /** The questions about a token, oldest first. */
  asked(token: string): Asked[];
  stop(): Promise<void>;
}

export async function startAuthService(): Promise<AuthService> {
  const replies = new Map<unknown, Reply[]>();
  const questions: Asked[] = [];
  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await json(request)) as Record<string, unknown>;
    questions.push({ method: request.method, path: request.url, headers: request.headers, body });
    const told = replies.get(body.session_id) ?? [];
    const reply = told.length > 1 ? told.shift() : told[0];
    if (typeof reply === "function") return void reply(response);
    const { status, body: said } = reply ?? refused("Invalid or expired session");
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(typeof said === "string" ? said : JSON.stringify(said));
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}/auth/bridge/validate`,
    says: (token, ...told) => void replies.set(token, told),
    asked: (token) => questions.filter(({ body }) => body.session_id === token),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export interface PersonThere {
  id: string | number;
  email?: string | null;
  name?: string;
  last_name?: string;
  is_verified?: unknown;
  [other: string]: unknown;
}

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

/** The answer about a valid session, under `data`. */
export function valid(user: PersonThere, expires_at: unknown = inAnHour()): Reply {
  return {
    status: 200,
    body: {
      success: true,
      data: {
        valid: true,
        trust_token: "v4.public.whatever",
        user: { username: "u", ...user },
        session: { id: "s1", expires_at, created_at: "2026-01-01T00:00:00Z" },
      },
    },
  };
}

/** The same answer at the top level. */
export function validAtTop(user: object, expiresAt: unknown = inAnHour()): Reply {
  const session = { id: "s1", userId: "u", expiresAt, lastUsedAt: inAnHour() };
  return { status: 200, body: { success: true, user, session, timestamp: inAnHour() } };
}

export function refused(error: string): { status: number; body: unknown } {
  return { status: 401, body: { success: false, error } };
}
