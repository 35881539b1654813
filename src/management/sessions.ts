import { z } from "zod";
import { inEnvironment, signedIn } from "../access/allow.ts";
import { createSession } from "../access/create-session.ts";
import { deleteSession, revokeSession, touchSession } from "../access/session-commands.ts";
import { created_at, described, LATER, text, time, updated_at, withExample } from "../http/attributes.ts";
import { endpoint, type OneRequest } from "../http/endpoint.ts";
import { creates, shows } from "../json-api/answers.ts";
import { newResource } from "../json-api/bodies.ts";
import { byColumn } from "../json-api/filters.ts";
import { changed, created } from "../json-api/read-back.ts";
import { resourceType } from "../json-api/resource-type.ts";
import { Session } from "../models/session.ts";
import { keyOf } from "./key-of.ts";
import { deletes } from "./resource-endpoints.ts";

export const sessionType = resourceType<Session>({
  type: "session",
  path: "sessions",
  prefix: "sess",
  description:
    "A signed-in session. Its token is the user's credential for 30 days, or until the session is revoked.",
  seenBy: "A signed-in user sees their own; with `sessions:read` in the environment, everyone's.",
  visible({ db, environment_id, caller, environment_permissions }) {
    const sessions = Session.query(db).select("sessions.*").where("sessions.environment_id", environment_id);
    if (caller.kind !== "user" || environment_permissions.includes("sessions:read")) return sessions;
    return sessions.where("sessions.user_id", caller.user_id);
  },
  attributes: z.object({
    ip: described(
      z.string().nullable(),
      "The IP address the session was started from, as you reported it.",
      "203.0.113.7",
    ),
    user_agent: described(
      z.string().nullable(),
      "The browser or program that started the session, as you reported it.",
      "Mozilla/5.0",
    ),
    last_active_at: described(time, "When it was last started or touched.", "2026-11-21T16:05:00.000Z"),
    expires_at: described(time, "When it ends by itself.", "2026-12-20T09:30:00.000Z"),
    revoked_at: described(time.nullable(), "When it was revoked; null if it wasn't."),
    created_at,
    updated_at,
  }),
  relationships: { user: { type: "user", id: ({ user_id }) => user_id } },
  sortable: ["created_at", "last_active_at", "expires_at"],
  filters: { user: byColumn("sessions.user_id") },
});

const newSession = {
  type: "session",
  attributes: z.strictObject({ ip: text(64).nullish(), user_agent: text(500).nullish() }),
  relationships: { user: { type: "user", prefix: "user", required: true } },
} as const;

const Token = z.object({
  token: withExample(z.string(), "dfV3nQm0y8bXq2T5wK7uZ1cR4eA6hJ9sL0pN3gM8oYi"),
});

const OWN_OR_MANAGED =
  "The session's own user, or a user with `sessions:manage` in the environment who has all permissions there that the session's user has.";

export const sessionEndpoints = [
  endpoint({
    method: "POST",
    path: "/api/sessions",
    operationId: "createSession",
    summary: "Start a session for a user. `meta.token` shows its token this once.",
    allow: inEnvironment("sessions:manage", {
      scope: "sessions:write",
      people:
        "A user with `sessions:manage` in the environment, for a user who owns no organization and has no permission they lack, there or in any organization.",
    }),
    limit: "write",
    body: newResource(newSession),
    answers: {
      ...creates(sessionType, Token),
      example: { last_active_at: "2026-11-20T09:30:00.000Z" },
    },
    async handle(request) {
      const { attributes, relationships } = request.body;
      const owner = { environment_id: request.environment.environment_id, user_id: relationships.user };
      const in_session = request.caller.kind === "user" ? request.caller.session_id : null;
      const { session, token } = await createSession(
        request.context,
        { ...attributes, ...owner, in_session },
        request.actor,
      );
      const answer = await created(request, sessionType, session.id);
      return { ...answer, document: { ...answer.document, meta: { token } } };
    },
  }),
  endpoint({
    method: "PATCH",
    path: "/api/sessions/:id/touch",
    operationId: "touchSession",
    summary: "Record that a session is in use.",
    allow: signedIn({ scope: "sessions:write", people: OWN_OR_MANAGED }),
    limit: "write",
    answers: shows(sessionType),
    async handle(request) {
      await touchSession(request.context.db, sessionKeyOf(request), request.actor);
      return changed(request, sessionType, request.params.id);
    },
  }),
  endpoint({
    method: "PATCH",
    path: "/api/sessions/:id/revoke",
    operationId: "revokeSession",
    summary: "End a session at once. Ending it again returns the same.",
    allow: signedIn({ scope: "sessions:write", people: OWN_OR_MANAGED }),
    limit: "write",
    answers: { ...shows(sessionType), example: { revoked_at: LATER, updated_at: LATER } },
    async handle(request) {
      await revokeSession(request.context, sessionKeyOf(request), request.actor);
      return changed(request, sessionType, request.params.id);
    },
  }),
  deletes(sessionType, {
    summary: "End a session and delete it.",
    allow: signedIn({ scope: "sessions:delete", people: OWN_OR_MANAGED }),
    remove: (request) => deleteSession(request.context, sessionKeyOf(request), request.actor),
  }),
];

/** Limits signed-in users to their own sessions, unless a role in the environment lets them manage everyone's. */
function sessionKeyOf(request: OneRequest) {
  const { caller, environment } = request;
  const ownOnly = caller.kind === "user" && !environment.environment_permissions.includes("sessions:manage");
  return { ...keyOf(request), user_id: ownOnly ? caller.user_id : null };
}
