import { SCOPES } from "../access/oauth/scopes.ts";
import type { Endpoint } from "../http/endpoint.ts";

/** How a caller authenticates. */
export const SECURITY_SCHEMES = {
  operatorToken: {
    type: "http",
    scheme: "bearer",
    description: "The operator's token (`ADMIN_TOKEN`): may do everything, in every environment.",
  },
  accessToken: {
    type: "oauth2",
    description: "An API client's access token, a JWT for an hour, sent as a bearer token.",
    flows: {
      clientCredentials: {
        tokenUrl: "/oauth/token",
        scopes: Object.fromEntries(SCOPES.map((scope) => [scope, scope.replace(":", ": ")])),
      },
    },
  },
  sessionToken: {
    type: "http",
    scheme: "bearer",
    description: "A session's token, as bearer: may do what the user's roles say.",
  },
  sessionHeader: {
    type: "apiKey",
    in: "header",
    name: "X-Session-ID",
    description: "A session's token, in a header of its own.",
  },
  webhookSignature: {
    type: "apiKey",
    in: "header",
    name: "webhook-signature",
    description:
      "Standard Webhooks 1.0: not a key, but a signature of each message, made with `MAIL_EVENTS_SECRET`.",
  },
};

type Choice = Record<string, string[]>;

/** Any one of these is enough; an empty one means that none is needed. */
export function securityOf({ who, scope }: Pick<Endpoint, "who" | "scope">): Choice[] {
  if (who === "operator") return [{ operatorToken: [] }];
  const program: Choice[] = [
    { operatorToken: [] },
    ...(scope === undefined ? [] : [{ accessToken: [scope] }]),
  ];
  const session: Choice[] = [{ sessionToken: [] }, { sessionHeader: [] }];
  if (who === "program") return program;
  if (who === "user") return session;
  return [...program, ...session, ...(who === "anyone" ? [{}] : [])];
}
