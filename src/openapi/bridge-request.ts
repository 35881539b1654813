import type { Endpoint } from "../http/endpoint.ts";
import { describeFields } from "./bridge-schema.ts";
import { bridgeTagOf } from "./bridge-tag-of.ts";
import { pascalCase } from "./names.ts";
import type { Operation } from "./openapi-types.ts";
import { type Registries, referToEqual } from "./registry.ts";
import { sayDefaults } from "./request-schema.ts";

/** What an endpoint takes as its body, if it takes anything. */
export function bridgeRequest(endpoint: Endpoint, { schemas }: Registries): Pick<Operation, "requestBody"> {
  const { body } = endpoint;
  const schema = body?.schema();
  if (body === undefined || Object.keys(schema?.properties ?? {}).length === 0) return {};
  const described = describeFields(sayDefaults(schema ?? {}), bridgeTagOf(endpoint).type);
  const content = { schema: referToEqual(schemas, nameOf(endpoint), described), example: body.example };
  return { requestBody: { required: !mayBeAbsent(body), content: { "application/json": content } } };
}

/** An action that several groups have takes the same everywhere, and is called after none of them. */
function nameOf(endpoint: Endpoint): string {
  return `${pascalCase(endpoint.operationId ?? "").replace(/Of[A-Z]\w*$/, "")}Request`;
}

/** What reads it tells. */
function mayBeAbsent(body: NonNullable<Endpoint["body"]>): boolean {
  try {
    body.read(undefined, {});
    return true;
  } catch {
    return false;
  }
}
