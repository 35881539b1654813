import { z } from "zod";
import { environmentOf } from "../access/allow.ts";
import type { Endpoint } from "../http/endpoint.ts";
import { KEPT_HOURS } from "../idempotency-keys/purge-idempotency-keys.ts";
import { includableFrom } from "../json-api/read-parameters.ts";
import { type ResourceType, resourceTypeNamed } from "../json-api/resource-type.ts";
import { exampleId } from "../lib/id.ts";
import { jsonSchemaOf } from "../lib/json-schema-of.ts";
import { pascalCase, spoken } from "../lib/names.ts";
import type { ApiDescription, Subject } from "./api-description.ts";
import { type Registry, referToEqual } from "./components.ts";
import type { Parameter, Reference } from "./openapi-types.ts";
import { text } from "./schemas.ts";

/** Everything an endpoint reads from its path, its headers and its query. */
export function parametersOf(
  endpoint: Endpoint,
  api: ApiDescription,
  parameters: Registry<Parameter>,
): Reference[] {
  const { method, path, allow } = endpoint;
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => {
    const isOrganization = name === "id" && path.startsWith("/bridge-payment/organizations/");
    const subject = isOrganization ? ORGANIZATION : api.subjectOf(endpoint);
    return referToEqual(parameters, `${pascalCase(subject.type)}Id`, idParameter(name, subject));
  });
  return [
    ...inPath,
    ...(environmentOf(allow) === "request" ? [parameters.refer("Environment", () => ENVIRONMENT)] : []),
    ...(method === "GET" ? [] : [parameters.refer("IdempotencyKey", () => IDEMPOTENCY_KEY)]),
    ...queryParameters(endpoint, api).map(({ component, parameter }) =>
      referToEqual(parameters, component, parameter),
    ),
  ];
}

/** Paths of members begin with their organization. */
const ORGANIZATION: Subject = { type: "organization", prefix: "org" };

function idParameter(name: string, { type, prefix }: Subject): Parameter {
  return {
    name,
    in: "path",
    required: true,
    description: `The id of the ${spoken(type)}: \`${prefix}_…\`.`,
    schema: { type: "string", example: exampleId(prefix) },
  };
}

const ENVIRONMENT: Parameter = {
  name: "X-Environment",
  in: "header",
  description: "The environment's handle, unless the host's first label names it or there is a default.",
  schema: { type: "string" },
};

const IDEMPOTENCY_KEY: Parameter = {
  name: "Idempotency-Key",
  in: "header",
  description: `Makes the request safe to repeat: it takes effect once, and repeating it returns the same response, with the header \`Idempotency-Replayed: true\`, for ${KEPT_HOURS} hours. An error does not use up the key; a replay omits secrets; without a credential the key is ignored.`,
  schema: { type: "string", pattern: "^[ -~]{1,255}$" },
};

interface Named {
  /** The component's name, which has the type in it where the parameter depends on the type. */
  component: string;
  parameter: Parameter;
}

/** Query parameters, from the schemas they are read with: that of the endpoint, and of its body's other form. */
function queryParameters(endpoint: Endpoint, api: ApiDescription): Named[] {
  const { query, text: form } = endpoint;
  const shapes = [query, form?.query].flatMap((schema) =>
    schema instanceof z.ZodObject ? Object.entries<z.ZodType>(schema.shape) : [],
  );
  const others = shapes.filter(([name]) => !name.startsWith("fields["));
  const named = others.map(([name, shape]) => {
    const { description = "", examples: _, ...schema } = jsonSchemaOf(shape, "input");
    // Those of the other form are only for it: nobody else must send them.
    const isRequired = form === undefined && !shape.safeParse(undefined).success;
    const parameter: Parameter = {
      name,
      in: "query",
      ...(isRequired ? { required: true as const } : {}),
      description,
      schema,
    };
    const own = pascalCase(name.replaceAll("[", "_").replaceAll("]", ""));
    if (isRequired) return { component: pascalCase(endpoint.operationId) + own, parameter };
    return { component: componentName(own, parameter, api.errors.prefix, ownerOf(endpoint, api)), parameter };
  });
  return others.length === shapes.length ? named : [...named, fieldsParameter(endpoint)];
}

/** What parameters that depend on it are named after: the type a list returns, else the action. */
function ownerOf(endpoint: Endpoint, api: ApiDescription): string {
  const { data } = endpoint.answers;
  if (endpoint.method !== "GET") return endpoint.operationId;
  return data?.type ?? api.subjectOf(endpoint).type;
}

function componentName(own: string, { name, schema }: Parameter, prefix: string, owner: string): string {
  if (name === "limit") return `${prefix}LimitUpTo${schema.maximum}`;
  const depends = name === "include" || (schema.enum !== undefined && name !== "orderDir");
  return `${prefix}${depends ? pascalCase(owner) : ""}${own}`;
}

/** Names the fields of each type that an answer can hold. */
function fieldsParameter({ answers }: Endpoint): Named {
  const types = answers.data === undefined ? [] : includableFrom(resourceTypeNamed(answers.data.type));
  const properties = types.map((type: ResourceType) => [type.type, text()]);
  return {
    component: `${pascalCase(answers.data?.type ?? "")}Fields`,
    parameter: {
      name: "fields",
      in: "query",
      style: "deepObject",
      explode: true,
      description:
        "By resource type, the attributes and relationships to show, separated by commas: `fields[role]=name,permissions`. Without it, all.",
      schema: { type: "object", properties: Object.fromEntries(properties) },
    },
  };
}
