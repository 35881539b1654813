import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { jsonSchemaOf } from "../src/lib/json-schema-of.ts";
import { allEndpoints } from "../src/management/all-resources.ts";
import { openapiDocument } from "../src/reference/openapi-document.ts";
import type { MediaContent, Operation, Parameter } from "../src/reference/openapi-types.ts";
import { useGuildhall } from "./support/guildhall.ts";

const JSON_API = "application/vnd.api+json";
const document = openapiDocument();

interface Described {
  name: string;
  path: string;
  method: string;
  operation: Operation;
}

const operations: Described[] = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    path,
    method,
    operation,
  })),
);
const ofTheApi = operations.filter(
  ({ operation }) => !/^(oauth$|mail-events$|bridge-)/.test(operation.tags[0] ?? ""),
);

/** Every value in the document, with its place. */
function* walk(value: unknown, at = "#"): Generator<{ value: unknown; at: string }> {
  yield { value, at };
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) yield* walk(item, `${at}/${key}`);
}

function resolve(ref: string): unknown {
  return ref
    .slice(2)
    .split("/")
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
}

/** The parameters, with references resolved. */
function parametersOf({ parameters = [] }: Operation): Parameter[] {
  return parameters.map((item) => ("$ref" in item ? (resolve(item.$ref) as Parameter) : item));
}

function createValidator() {
  const ajv = new Ajv2020({ strict: false, discriminator: false, allErrors: true });
  addFormats.default(ajv);
  return ajv.addSchema(document, "openapi");
}

/** Schemas in the document refer to it from its root. */
function absolute(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/'));
}

describe("the OpenAPI document", () => {
  test("has every endpoint of the Management API and nothing else", () => {
    const declared = allEndpoints.map(
      ({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`,
    );
    expect(ofTheApi.map(({ name }) => name).sort()).toEqual(declared.sort());
    expect(declared.length).toBeGreaterThan(80);
  });

  test("also has OAuth's paths", () => {
    const others = operations.filter(({ operation }) => operation.tags.includes("oauth"));
    expect(others.map(({ name }) => name).sort()).toEqual([
      "GET /.well-known/jwks.json",
      "GET /.well-known/oauth-authorization-server",
      "POST /oauth/token",
    ]);
  });

  test("also has the path for reports of email providers", () => {
    const others = operations.filter(({ operation }) => operation.tags.includes("mail-events"));
    expect(others.map(({ name }) => name)).toEqual(["POST /mail-events"]);
  });

  test("refers to existing components only, and to all of them", () => {
    const refs = [...walk(document)].flatMap(({ value, at }) =>
      at.endsWith("/$ref") ? [{ at, ref: String(value) }] : [],
    );
    expect(refs.length).toBeGreaterThan(500);
    expect(refs.filter(({ ref }) => !ref.startsWith("#/") || resolve(ref) === undefined)).toEqual([]);

    const referred = new Set(refs.map(({ ref }) => ref));
    const { schemas, parameters, responses } = document.components;
    const components = Object.entries({ schemas, parameters, responses }).flatMap(([kind, all]) =>
      Object.keys(all).map((name) => `#/components/${kind}/${name}`),
    );
    expect(components.filter((ref) => !referred.has(ref))).toEqual([]);
  });

  test("has valid, distinct component names and no duplicates", () => {
    for (const kind of [document.components.schemas, document.components.parameters]) {
      for (const name of Object.keys(kind)) expect(name).toMatch(/^[A-Za-z][A-Za-z0-9]*$/);
    }
    const texts = Object.entries(document.components.parameters).map(([, item]) => JSON.stringify(item));
    expect(texts.filter((text, index) => texts.indexOf(text) !== index)).toEqual([]);
    const requests = Object.entries(document.components.schemas)
      .filter(([name]) => /^(New|Changed)|Request$/.test(name))
      .map(([, schema]) => JSON.stringify(schema));
    expect(requests.filter((text, index) => requests.indexOf(text) !== index)).toEqual([]);
  });

  test.each(operations)(
    "$name declares its path's parameters, and each parameter once",
    ({ path, operation }) => {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const parameters = parametersOf(operation);
      expect(parameters.filter((item) => item.in === "path").map(({ name }) => name)).toEqual(inPath);
      expect(parameters.filter((item) => item.in === "path").every(({ required }) => required)).toBe(true);
      const names = parameters.map((item) => `${item.in} ${item.name}`);
      expect(new Set(names).size).toBe(names.length);
      expect(parameters.every(({ description, schema }) => description !== "" && schema !== undefined)).toBe(
        true,
      );
    },
  );

  test("gives operations unique ids, tags, summaries and security", () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const tags = document.tags.map(({ name }) => name);
    for (const { name, operation } of operations) {
      expect(operation.operationId, name).toMatch(/^[a-z][A-Za-z]+$/);
      expect(tags, name).toEqual(expect.arrayContaining(operation.tags));
      expect(operation.summary, name).not.toBe("");
      expect(operation.description, name).not.toBe("");
      const schemes = operation.security.flatMap((choice) => Object.keys(choice));
      expect(Object.keys(document.components.securitySchemes), name).toEqual(expect.arrayContaining(schemes));
    }
  });

  test("lists query parameters by the names they are sent with", () => {
    const names = parametersOf(document.paths["/api/roles"]?.get as Operation).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        ...["include", "sort", "page[size]", "page[after]", "page[before]"],
        ...["fields", "filter[name]", "filter[organization]", "X-Environment"],
      ]),
    );
    const size = document.components.parameters.PageSize?.schema;
    expect(size).toMatchObject({ type: "integer", minimum: 1, maximum: 100, default: 20 });
  });

  test("has the query parameters' schemas that the endpoints use", () => {
    for (const endpoint of allEndpoints) {
      if (!(endpoint.query instanceof z.ZodObject)) continue;
      const path = endpoint.path.replace(":id", "{id}");
      const operation = document.paths[path]?.[endpoint.method.toLowerCase() as "get"] as Operation;
      const listed = parametersOf(operation).filter((item) => item.in === "query" && item.name !== "fields");
      const read = Object.entries(endpoint.query.shape)
        .filter(([name]) => !name.startsWith("fields["))
        .map(([name, schema]) => {
          const { description: _, ...rest } = jsonSchemaOf(schema as z.ZodType, "input");
          return [name, rest];
        });
      expect(
        listed.map(({ name, schema }) => [name, schema]),
        path,
      ).toEqual(read);
    }
  });

  test("has one parameter for fields, with an answer's types", () => {
    const fields = (path: string) =>
      parametersOf(document.paths[path]?.get as Operation).find(({ name }) => name === "fields");
    expect(fields("/api/suppressions")).toMatchObject({ style: "deepObject", explode: true });
    expect(Object.keys(fields("/api/suppressions")?.schema.properties ?? {})).toEqual(["suppression"]);
    expect(Object.keys(fields("/api/roles")?.schema.properties ?? {})).toEqual(
      expect.arrayContaining(["role", "permission", "organization", "user"]),
    );
    expect(fields("/api/roles/{id}/relationships/permissions")).toBeUndefined();
  });

  test("describes a body's other format and its parameters", () => {
    const inOtherForms = allEndpoints.filter(({ text }) => text !== undefined);
    expect(inOtherForms.length).toBeGreaterThan(0);
    for (const { path, text } of inOtherForms) {
      const operation = document.paths[path]?.post as Operation;
      expect(operation.requestBody?.content[text?.mediaType ?? ""]).toMatchObject({
        schema: { type: "string", description: text?.description },
        example: text?.example,
      });
      const listed = parametersOf(operation).map(({ name }) => name);
      const { properties = {} } = jsonSchemaOf(text?.query ?? z.never(), "input");
      expect(Object.keys(properties).length).toBeGreaterThan(0);
      expect(listed).toEqual(expect.arrayContaining(Object.keys(properties)));
    }
  });

  test("names the scope and permission that an endpoint needs", () => {
    expect(document.paths["/api/memberships"]?.post).toMatchObject({
      "x-scope": "memberships:write",
      "x-permission": "members:manage",
      description: expect.stringMatching(/`members:manage` in the organization.*`memberships:write`/),
    });
    expect(document.paths["/api/users"]?.post).toMatchObject({ "x-environment-permission": "users:manage" });
    expect(document.paths["/api/environments"]?.post?.security).toEqual([{ operatorToken: [] }]);
  });

  test("has only valid JSON Schemas", () => {
    const ajv = createValidator();
    for (const name of Object.keys(document.components.schemas)) {
      expect(() => ajv.compile({ $ref: `openapi#/components/schemas/${name}` }), name).not.toThrow();
    }
    for (const { name, schema } of Object.values(document.components.parameters)) {
      expect(() => ajv.compile(absolute(schema)), name).not.toThrow();
    }
  });

  test("has examples that match their schemas", () => {
    const ajv = createValidator();
    const contents = [...walk(document.paths)].filter(
      ({ at, value }) =>
        /\/content\/[^/]+~?[^/]*$/.test(at) ||
        (typeof value === "object" && value !== null && "example" in value),
    );
    const examples = contents
      .map(({ at, value }) => ({ at, ...(value as MediaContent) }))
      .filter(({ example }) => example !== undefined);
    expect(examples.length).toBeGreaterThan(100);
    for (const { at, schema, example } of examples) {
      const validate = ajv.compile(absolute(schema));
      validate(example);
      expect(validate.errors, at).toBeNull();
    }
  });

  test.each([
    ["acceptInvitation", { status: "accepted", accepted_at: expect.any(String) }],
    ["acceptInvitationByLink", { status: "accepted", accepted_at: expect.any(String) }],
    ["declineInvitation", { status: "declined", declined_at: expect.any(String) }],
    ["declineInvitationByLink", { status: "declined", declined_at: expect.any(String) }],
    ["revokeInvitation", { status: "revoked", revoked_at: expect.any(String) }],
    ["createInvitationBatch", { status: "queued", created_count: 0, started_at: null }],
    ["cancelInvitationBatch", { status: "canceled", canceled_at: expect.any(String) }],
    ["revokeSession", { revoked_at: expect.any(String) }],
    ["createApiClient", { last_used_at: null }],
  ])("shows the state that %s leads to in its example", (operationId, attributes) => {
    const described = operations.find(({ operation }) => operation.operationId === operationId);
    const success = Object.entries(described?.operation.responses ?? {}).find(([status]) => status < "300");
    expect(success?.[1]).toMatchObject({ content: { [JSON_API]: { example: { data: { attributes } } } } });
  });

  test("doesn't make a field with a default look required", () => {
    const { schemas } = document.components;
    const requests = Object.entries(schemas).filter(([name]) => /^(New|Changed)|Request$/.test(name));
    expect(requests.length).toBeGreaterThan(20);
    expect([...walk(requests)].filter(({ at }) => at.endsWith("/default"))).toEqual([]);
  });

  test("has patterns that work without flags", () => {
    const patterns = [...walk(document)]
      .filter(({ at }) => at.endsWith("/pattern"))
      .map(({ value }) => String(value));
    expect(patterns.filter((pattern) => /\\p\{/i.test(pattern))).toEqual([]);
    const text = new RegExp(patterns.find((pattern) => pattern.includes("u001f")) ?? "");
    expect(["Zoë P", "a\u0000b", "a\u0085b"].map((value) => text.test(value))).toEqual([true, false, false]);
  });

  test("describes every document that is sent or returned", () => {
    for (const { name, operation } of ofTheApi) {
      const [status, success] = Object.entries(operation.responses)[0] ?? [];
      expect(status, name).toMatch(/^20[0124]$/);
      if (status === "204") expect(success, name).not.toHaveProperty("content");
      else expect(success, name).toHaveProperty(["content", JSON_API, "schema"]);
      expect(operation.responses, name).toHaveProperty("401");
    }
  });
});

describe("/openapi.json", () => {
  const guildhall = useGuildhall();

  test("is served to anyone as JSON", async () => {
    const answer = await guildhall.api.as(null).get("/openapi.json");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("Content-Type")).toMatch(/^application\/json/);
    const servers = [
      expect.objectContaining({ url: new URL(guildhall.settings.PUBLIC_URL).protocol.concat("//127.0.0.1") }),
    ];
    expect(answer.body).toEqual({ ...JSON.parse(JSON.stringify(document)), servers });
  });

  test("is a 304 for clients that have it, by its ETag", async () => {
    const { headers } = await guildhall.api.get("/openapi.json");
    const etag = headers.get("ETag") ?? "";
    expect(
      await guildhall.api.get("/openapi.json", { "If-None-Match": etag, "Cache-Control": "max-age=0" }),
    ).toMatchObject({
      status: 304,
      body: undefined,
    });
  });

  test("answers only GET and HEAD", async () => {
    expect(await guildhall.api.post("/openapi.json", {})).toMatchObject({ status: 405 });
  });
});
