import type { Endpoint } from "../http/endpoint.ts";
import type { JsonSchema } from "../lib/json-schema-of.ts";
import { allEndpoints } from "../management/all-endpoints.ts";
import { resourceTypes } from "../management/types/resource-types.ts";
import { oauthPaths } from "../oauth/oauth-paths.ts";
import type { Method, OpenApiDocument, Parameter, Paths, Response } from "./openapi-types.ts";
import { operation, type Registries } from "./operation.ts";
import { createRegistry } from "./registry.ts";
import { RESOURCE_TEXTS } from "./resource-texts.ts";
import { SECURITY_SCHEMES } from "./security.ts";

/**
 * The Management API as OpenAPI 3.1, from the declarations that serve it. Addresses in it are relative: they hold under
 * whatever name it was fetched.
 */
export function openapiDocument(): OpenApiDocument {
  const registries: Registries = {
    schemas: createRegistry<JsonSchema>("#/components/schemas/"),
    parameters: createRegistry<Parameter>("#/components/parameters/"),
    responses: createRegistry<Response>("#/components/responses/"),
  };
  const paths = pathsOf(allEndpoints, registries);
  return {
    openapi: "3.1.0",
    info: {
      title: "Guildhall Management API",
      version: "1",
      description:
        "Organizations, memberships, roles and e-mail invitations, as JSON:API 1.1. The guide is at /docs.",
    },
    servers: [{ url: "/", description: "This service." }],
    tags: [
      ...resourceTypes.map(({ path, type }) => ({
        name: path,
        description: RESOURCE_TEXTS[type]?.what ?? "",
      })),
      { name: "oauth", description: "Access tokens for programs of your own." },
    ],
    paths: { ...paths, ...oauthPaths },
    components: {
      schemas: registries.schemas.all,
      parameters: registries.parameters.all,
      responses: registries.responses.all,
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

function pathsOf(endpoints: Endpoint[], registries: Registries): Paths {
  const paths: Paths = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replace(":id", "{id}");
    paths[path] ??= {};
    paths[path][endpoint.method.toLowerCase() as Method] = operation(endpoint, registries);
  }
  return paths;
}
