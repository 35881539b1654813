import { type Allow, callersOf, scopeOf } from "../access/allow.ts";
import { SCOPES } from "../access/oauth/scopes.ts";
import type { Parameter } from "./openapi-types.ts";

/** How a caller says who they are. */
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
      "Standard Webhooks 1.0: no key that is sent, but each message's own signature, made with `MAIL_EVENTS_SECRET`.",
  },
};

type Choice = Record<string, string[]>;

/** Any one of these will do; an empty one says that none is needed. */
export function securityOf(allow: Allow): Choice[] {
  const callers = callersOf(allow);
  const scope = scopeOf(allow);
  if (callers === "operator") return [{ operatorToken: [] }];
  const program: Choice[] = [
    { operatorToken: [] },
    ...(scope === undefined ? [] : [{ accessToken: [scope] }]),
  ];
  const session: Choice[] = [{ sessionToken: [] }, { sessionHeader: [] }];
  if (callers === "program") return program;
  if (callers === "user") return session;
  return [...program, ...session, ...(callers === "anyone" ? [{}] : [])];
}

/** The same for programs that read the document. */
export function extensionsOf(allow: Allow): Record<`x-${string}`, string> {
  const scope = scopeOf(allow);
  return {
    ...(scope === undefined ? {} : { "x-scope": scope }),
    ...(allow.kind === "member" ? { "x-permission": allow.permission } : {}),
    ...(allow.kind === "inEnvironment" ? { "x-environment-permission": allow.permission } : {}),
  };
}

export const ENVIRONMENT_HEADER: Parameter = {
  name: "X-Environment",
  in: "header",
  description:
    "The environment's handle, where the host does not name it by its first label and there is no default.",
  schema: { type: "string" },
};
