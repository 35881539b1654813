import type { JsonSchema } from "../lib/json-schema-of.ts";

/** As much of OpenAPI 3.1 as we write. */
export type Reference = { $ref: string };

export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required?: true;
  description: string;
  schema: JsonSchema;
  /** How the members of an object are sent: `fields[role]=name`. */
  style?: "deepObject";
  explode?: true;
}

export interface MediaContent {
  schema: JsonSchema;
  example?: unknown;
  /** Of a form that can't say everything itself: what the query must say besides, as it might be. */
  "x-query"?: Record<string, unknown>;
}

export interface Response {
  description: string;
  headers?: Record<string, { description: string; schema: JsonSchema }>;
  content?: Record<string, MediaContent>;
}

export interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  parameters?: Array<Parameter | Reference>;
  requestBody?: { required: boolean; content: Record<string, MediaContent> };
  responses: Record<string, Response | Reference>;
  security: Array<Record<string, string[]>>;
  /** What an access token must allow. */
  "x-scope"?: string;
  /** What a member must be allowed in the organization. */
  "x-permission"?: string;
  /** What a user must be allowed in the environment. */
  "x-environment-permission"?: string;
}

export type Method = "get" | "post" | "put" | "patch" | "delete";
export type Paths = Record<string, Partial<Record<Method, Operation>>>;

export interface Tag {
  name: string;
  description: string;
  /** What readers show in place of the name. */
  "x-displayName"?: string;
}

export interface OpenApiDocument {
  openapi: "3.1.0";
  info: {
    title: string;
    version: string;
    description: string;
    license: { name: string; identifier: string };
  };
  servers: Array<{ url: string; description: string }>;
  tags: Tag[];
  /** Which tags belong together, for readers that know it (Redoc, Scalar); to generators every tag is a client of its own. */
  "x-tagGroups": Array<{ name: string; tags: string[] }>;
  paths: Paths;
  components: {
    schemas: Record<string, JsonSchema>;
    parameters: Record<string, Parameter>;
    responses: Record<string, Response>;
    securitySchemes: Record<string, object>;
  };
}
