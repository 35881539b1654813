import { oauthPaths } from "../access/oauth/oauth-paths.ts";
import { allBridgeEndpoints, BRIDGE_TAGS as BRIDGE_TAG_LIST } from "../bridge/all-bridge-endpoints.ts";
import type { Endpoint } from "../http/endpoint.ts";
import type { JsonSchema } from "../lib/json-schema-of.ts";
import { allEndpoints, resourceTypes } from "../management/all-resources.ts";
import type { ApiDescription } from "./api-description.ts";
import { bridgeDescription } from "./bridge-description.ts";
import { type Components, createRegistry } from "./components.ts";
import { mailEventsPaths } from "./mail-events-paths.ts";
import { managementDescription } from "./management-description.ts";
import type { Method, OpenApiDocument, Operation, Parameter, Paths, Response, Tag } from "./openapi-types.ts";
import { operationOf } from "./operation.ts";
import { SECURITY_SCHEMES } from "./security.ts";

/**
 * Both APIs as OpenAPI 3.1, from the declarations that serve them.
 * @param server the service's address, for clients made from a saved copy. Paths in the document are relative to it.
 */
export function openapiDocument(server = "/"): OpenApiDocument {
  const components: Components = {
    schemas: createRegistry<JsonSchema>("#/components/schemas/"),
    parameters: createRegistry<Parameter>("#/components/parameters/"),
    responses: createRegistry<Response>("#/components/responses/"),
  };
  const tell = (endpoints: Endpoint[], api: ApiDescription) =>
    pathsOf(endpoints, (endpoint) => operationOf(endpoint, api, components));
  const paths = {
    ...tell(allEndpoints, managementDescription),
    ...tell(allBridgeEndpoints, bridgeDescription),
    ...oauthPaths,
    ...mailEventsPaths(components),
  };
  return {
    openapi: "3.1.0",
    info: {
      title: "Guildhall",
      version: "1",
      license: { name: "MIT", identifier: "MIT" },
      description:
        "Organizations, memberships, roles, email invitations and the payment resources an organization shares. The Management API under /api is JSON:API 1.1, for back ends; the Bridge API under /bridge-payment is plain JSON, for front ends. The guide is at [/docs](/docs).",
    },
    servers: [{ url: server, description: "This service." }],
    tags: [...MANAGEMENT_TAGS, ...BRIDGE_TAGS, OAUTH_TAG, MAIL_EVENTS_TAG],
    "x-tagGroups": [
      { name: "Management API", tags: namesOf(MANAGEMENT_TAGS) },
      { name: "Bridge API", tags: namesOf(BRIDGE_TAGS) },
      { name: "Access tokens", tags: [OAUTH_TAG.name] },
      { name: "Mail", tags: [MAIL_EVENTS_TAG.name] },
    ],
    paths,
    components: {
      schemas: components.schemas.all,
      parameters: components.parameters.all,
      responses: components.responses.all,
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

const MANAGEMENT_TAGS: Tag[] = resourceTypes.map(({ path, description }) => ({
  name: path,
  "x-displayName": displayName(path),
  description,
}));

const BRIDGE_TAGS: Tag[] = BRIDGE_TAG_LIST.map(({ tag, title, what }) => ({
  name: tag,
  "x-displayName": title,
  description: what,
}));

const OAUTH_TAG: Tag = {
  name: "oauth",
  "x-displayName": "Access tokens",
  description: "Access tokens for programs of your own.",
};

const MAIL_EVENTS_TAG: Tag = {
  name: "mail-events",
  "x-displayName": "Mail events",
  description: "What your mail provider reports about emails.",
};

/** `api-clients` as `API clients`. */
function displayName(path: string): string {
  const words = path.replaceAll("-", " ").replace("api", "API");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function namesOf(tags: Tag[]): string[] {
  return tags.map(({ name }) => name);
}

function pathsOf(endpoints: Endpoint[], tell: (endpoint: Endpoint) => Operation): Paths {
  const paths: Paths = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] ??= {};
    paths[path][endpoint.method.toLowerCase() as Method] = tell(endpoint);
  }
  return paths;
}
