import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { callersOf, scopeOf } from "../src/access/allow.ts";
import { allBridgeEndpoints } from "../src/bridge/all-bridge-endpoints.ts";
import type { Endpoint } from "../src/http/endpoint.ts";
import { jsonSchemaOf } from "../src/lib/json-schema-of.ts";
import { openapiDocument } from "../src/reference/openapi-document.ts";
import type { Method, Operation, Parameter, Response } from "../src/reference/openapi-types.ts";

const document = openapiDocument();
const pathOf = ({ path }: Endpoint) => path.replaceAll(/:(\w+)/g, "{$1}");
const named = allBridgeEndpoints.map((endpoint) => [endpoint.operationId, endpoint] as const);

function operationOf(endpoint: Endpoint): Operation {
  const operation = document.paths[pathOf(endpoint)]?.[endpoint.method.toLowerCase() as Method];
  if (operation === undefined) throw new Error(`the document has no ${endpoint.method} ${endpoint.path}`);
  return operation;
}

function parametersOf({ parameters = [] }: Operation): Parameter[] {
  return parameters.flatMap((item) =>
    "$ref" in item ? (document.components.parameters[item.$ref.split("/").at(-1) ?? ""] ?? []) : item,
  );
}

describe("the OpenAPI document", () => {
  test("has every endpoint of the Bridge API and nothing else", () => {
    const documented = Object.entries(document.paths)
      .filter(([path]) => path.startsWith("/bridge-payment"))
      .flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`));
    const declared = allBridgeEndpoints.map((endpoint) => `${endpoint.method} ${pathOf(endpoint)}`);
    expect(documented.sort()).toEqual(declared.sort());
    expect(declared.length).toBeGreaterThan(40);
  });

  test("has each tag in one group, and separate tags for each API", () => {
    const grouped = document["x-tagGroups"].flatMap(({ tags }) => tags);
    expect(grouped.sort()).toEqual(document.tags.map(({ name }) => name).sort());
    const bridge = document["x-tagGroups"].find(({ name }) => name === "Bridge API");
    for (const endpoint of allBridgeEndpoints) {
      const { tags, operationId } = operationOf(endpoint);
      expect(bridge?.tags, operationId).toEqual(expect.arrayContaining(tags));
      expect(operationId).toMatch(/^bridge[A-Z]/);
    }
    for (const tag of bridge?.tags ?? []) expect(tag).toMatch(/^bridge-/);
  });

  test.each(named)("lists the query, body and credential that %s reads", (_, endpoint) => {
    const operation = operationOf(endpoint);
    const query = endpoint.query instanceof z.ZodObject ? Object.entries(endpoint.query.shape) : [];
    expect(
      parametersOf(operation)
        .filter(({ in: where }) => where === "query")
        .map(({ name, schema }) => [name, schema]),
    ).toEqual(
      query.map(([name, shape]) => {
        const { description: _, ...schema } = jsonSchemaOf(shape as z.ZodType, "input");
        return [name, schema];
      }),
    );
    expect(parametersOf(operation).filter(({ description }) => description === "")).toEqual([]);

    const fields = Object.keys(endpoint.body?.schema().properties ?? {});
    expect(operation.requestBody !== undefined).toBe(fields.length > 0);

    const schemes = operation.security.flatMap((choice) => Object.keys(choice)).sort();
    const people = ["sessionHeader", "sessionToken"];
    const programs = ["accessToken", "operatorToken"];
    const expected = { user: people, program: programs, caller: [...programs, ...people] };
    expect(schemes).toEqual([...expected[callersOf(endpoint.allow) as keyof typeof expected]].sort());
    expect(operation["x-permission"]).toBe(
      endpoint.allow.kind === "member" ? endpoint.allow.permission : undefined,
    );
    expect(operation["x-scope"]).toBe(scopeOf(endpoint.allow));
  });

  test("has an example of each body, and the endpoint accepts it", () => {
    const withBody = allBridgeEndpoints.filter((endpoint) => operationOf(endpoint).requestBody !== undefined);
    expect(withBody.length).toBeGreaterThan(20);
    for (const { body, operationId } of withBody) {
      expect(Object.keys(body?.example?.() ?? {}), operationId).not.toEqual([]);
      expect(() => body?.read(body.example?.(), {}), operationId).not.toThrow();
    }
  });

  test("requires the same fields as the endpoint, under any of their names", () => {
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    ajv.addSchema(document, "openapi");
    const compared = { taken: 0, refused: 0, renamed: 0 };
    for (const [operation, endpoint] of named) {
      const example = endpoint.body?.example?.() as Record<string, unknown> | undefined;
      const content = operationOf(endpoint).requestBody?.content["application/json"];
      if (example === undefined || content === undefined) continue;
      const validate = ajv.compile({ $ref: `openapi${content.schema.$ref}` });
      for (const body of bodiesLike(example, endpoint)) {
        // The command requires one of the two.
        const isPriced = !/^bridgeCreate(Subscription|PaymentIntent)/.test(operation) || priceIn(body);
        const isTaken = isRead(endpoint, body) && isPriced;
        expect(validate(body), `${operation} ${JSON.stringify(body)}`).toBe(isTaken);
        compared[isTaken ? "taken" : "refused"] += 1;
        if (isTaken && Object.keys(body).some((name) => !(name in example))) compared.renamed += 1;
      }
    }
    expect(compared.taken).toBeGreaterThan(80);
    expect(compared.refused).toBeGreaterThan(10);
    expect(compared.renamed).toBeGreaterThan(8);
  });

  test("has examples of answers that match their requests", () => {
    for (const [operation, endpoint] of named) {
      const { content } = operationOf(endpoint).responses[String(endpoint.answers.status)] as Response;
      const example = content?.["application/json"]?.example as
        | { data?: Record<string, unknown> }
        | undefined;
      const data = example?.data;
      for (const [name, value] of Object.entries(endpoint.body?.example?.() ?? {}))
        if (data !== undefined && name in data) expect(data[name], `${operation} ${name}`).toEqual(value);
    }
  });
});

type Body = Record<string, unknown>;

/** The body, the same without each of its fields, and each of these with a field under another name. */
function bodiesLike(example: Body, endpoint: Endpoint): Body[] {
  const without = Object.keys(example).map((left) => omit(example, left));
  const aliases = Object.entries(endpoint.body?.schema().properties ?? {}).flatMap(
    ([alias, { description }]) => {
      const [, name = ""] = /^Another name of `(\w+)`/.exec(description ?? "") ?? [];
      return name === "" ? [] : [[alias, name] as const];
    },
  );
  return [example, ...without].flatMap((body) => [
    body,
    ...aliases
      .filter(([, name]) => name in body)
      .flatMap(([alias, name]) => {
        const renamed = { ...omit(body, name), [alias]: body[name] };
        return [renamed, { ...renamed, [name]: body[name] }];
      }),
  ]);
}

function omit(body: Body, name: string): Body {
  return Object.fromEntries(Object.entries(body).filter(([other]) => other !== name));
}

function isRead({ body: reader }: Endpoint, body: Body): boolean {
  try {
    reader?.read(body, {});
    return true;
  } catch {
    return false;
  }
}

function priceIn(body: Body): boolean {
  return ["total_cents", "price_cents", "amount_cents", "subtotal_cents"].some((name) => name in body);
}
