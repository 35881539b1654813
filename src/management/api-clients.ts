import { z } from "zod";
import { operator } from "../access/allow.ts";
import { createApiClient, deleteApiClient, updateApiClient } from "../access/api-clients.ts";
import { SCOPES } from "../access/oauth/scopes.ts";
import { created_at, described, text, time, updated_at, withExample } from "../http/attributes.ts";
import { endpoint } from "../http/endpoint.ts";
import { creates, shows } from "../json-api/answers.ts";
import { changedResource, newResource } from "../json-api/bodies.ts";
import { presentResource } from "../json-api/document.ts";
import { byColumn } from "../json-api/filters.ts";
import { resourceType } from "../json-api/resource-type.ts";
import { exampleId } from "../lib/id.ts";
import { ApiClient } from "../models/api-client.ts";
import { deletes } from "./resource-endpoints.ts";

export const apiClientType = resourceType<ApiClient>({
  type: "api_client",
  path: "api-clients",
  prefix: "client",
  description: "A program of yours. It exchanges its id and secret for access tokens at `POST /oauth/token`.",
  seenBy: "The operator only.",
  readBy: "operator",
  visible: ({ db, environment_id }) =>
    ApiClient.query(db).select("api_clients.*").where("api_clients.environment_id", environment_id),
  attributes: z.object({
    client_id: described(
      z.string(),
      "Its id, which is also its name at `POST /oauth/token`.",
      exampleId("client"),
    ),
    name: withExample(z.string(), "Payroll"),
    scopes: described(z.array(z.string()), "The most its access tokens may allow.", [
      "memberships:read",
      "users:read",
    ]),
    last_used_at: described(
      time.nullable(),
      "When it last got a token, to the minute.",
      "2026-11-21T16:05:00.000Z",
    ),
    created_at,
    updated_at,
  }),
  computed: ({ id }) => ({ client_id: id }),
  relationships: {},
  sortable: ["name", "created_at"],
  filters: { name: byColumn("api_clients.name") },
});

const scope = z.enum(SCOPES, {
  error: "is not a scope; /.well-known/oauth-authorization-server lists the scopes",
});
const attributes = z.strictObject({
  name: text(200),
  scopes: z
    .array(scope)
    .min(1, { error: "give at least one scope" })
    .max(100, { error: "give at most 100 scopes" })
    .transform((scopes) => [...new Set(scopes)]),
});

const Secret = z.object({
  client_secret: withExample(z.string(), "p9Jx2vQk7LmT4sWzR8nB1cY6uHf3aEd0gKi5oXtVqMw"),
});

const newApiClient = { type: "api_client", attributes, relationships: {} } as const;
const changedApiClient = { type: "api_client", attributes: attributes.partial(), relationships: {} } as const;

export const apiClientEndpoints = [
  endpoint({
    method: "POST",
    path: "/api/api-clients",
    operationId: "createApiClient",
    summary: "Create an API client. `meta.client_secret` shows its secret this once.",
    allow: operator(),
    limit: "write",
    body: newResource(newApiClient),
    answers: { ...creates(apiClientType, Secret), example: { last_used_at: null } },
    async handle({ context, environment: { environment_id }, actor, body }) {
      const { client, secret } = await createApiClient(
        context,
        { ...body.attributes, environment_id },
        actor,
      );
      const data = presentResource(apiClientType, client);
      return {
        status: 201,
        document: { data, meta: { client_secret: secret } },
        headers: { Location: data.links.self, "Cache-Control": "no-store" },
      };
    },
  }),
  endpoint({
    method: "PATCH",
    path: "/api/api-clients/:id",
    operationId: "updateApiClient",
    summary: "Change an API client's name or scopes. A removed scope is lost to its tokens at once.",
    allow: operator(),
    limit: "write",
    body: changedResource(changedApiClient),
    answers: shows(apiClientType),
    async handle({ context, environment: { environment_id }, actor, params, body }) {
      const client = await updateApiClient(
        context,
        { id: params.id, environment_id },
        body.attributes,
        actor,
      );
      return { status: 200, document: { data: presentResource(apiClientType, client) } };
    },
  }),
  deletes(apiClientType, {
    summary: "Delete an API client. Its access tokens end at once.",
    allow: operator(),
    remove: ({ context, environment: { environment_id }, actor, params }) =>
      deleteApiClient(context, { id: params.id, environment_id }, actor),
  }),
];
