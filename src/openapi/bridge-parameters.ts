import { z } from "zod";
import type { BridgeTag } from "../bridge/all-bridge-endpoints.ts";
import type { Endpoint } from "../http/endpoint.ts";
import { jsonSchemaOf } from "../lib/json-schema-of.ts";
import { bridgeTagOf } from "./bridge-tag-of.ts";
import { idParameter } from "./id-parameter.ts";
import { idempotencyKeyHeader } from "./idempotency-key-header.ts";
import { pascalCase } from "./names.ts";
import type { Parameter, Reference } from "./openapi-types.ts";
import { type Registries, referToEqual } from "./registry.ts";
import { ENVIRONMENT_HEADER } from "./security.ts";

/** What an endpoint takes in its path, its headers and its query. */
export function bridgeParameters(
  { method, path, tag, query }: Pick<Endpoint, "method" | "path" | "tag" | "query">,
  { parameters }: Registries,
): Reference[] {
  const group = bridgeTagOf({ path, tag });
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => {
    const subject = subjectOf(name, path, group);
    return referToEqual(parameters, `${pascalCase(subject.type)}Id`, idParameter(name, subject));
  });
  const inQuery = query instanceof z.ZodObject ? Object.entries(query.shape) : [];
  return [
    ...inPath,
    parameters.refer("Environment", () => ENVIRONMENT_HEADER),
    ...idempotencyKeyHeader({ method }, parameters),
    ...inQuery.map(([name, shape]) => {
      const parameter = queryParameter(name, shape as z.ZodType);
      return referToEqual(parameters, nameOf(parameter, group), parameter);
    }),
  ];
}

/** Members stand below their organization. */
function subjectOf(name: string, path: string, group: BridgeTag): Pick<BridgeTag, "type" | "prefix"> {
  const isOrganization = name === "id" && path.startsWith("/bridge-payment/organizations/");
  return isOrganization ? { type: "organization", prefix: "org" } : group;
}

function queryParameter(name: string, shape: z.ZodType): Parameter {
  return { name, in: "query", description: TEXTS[name] ?? "", schema: jsonSchemaOf(shape, "input") };
}

/** Parameters that are the same have the same name, whatever they are asked of: a type is in it where it matters. */
function nameOf({ name, schema }: Parameter, { type }: BridgeTag): string {
  if (name === "limit") return `BridgeLimitUpTo${schema.maximum}`;
  const ownWords = schema.enum !== undefined && name !== "orderDir";
  return `Bridge${ownWords ? pascalCase(type) : ""}${pascalCase(name)}`;
}

const TEXTS: Record<string, string> = {
  page: "Which page, from 1.",
  limit: "How many on a page.",
  offset: "How many to skip, in place of `page`.",
  organization_id: "Whose: this organization's. Without it, your own.",
  orderBy: "What they are ordered by. Equal ones are in the order they were created.",
  orderDir: "Upwards or downwards.",
  role: "Only members whose strongest role this is.",
  status: "Only those that stand so. Of payments, `pending` is what isn't confirmed yet.",
  type: "Only those of this type.",
  address_type: "Another name of `type`.",
  search: "Only those that hold this text, in either case.",
  completeness: "`partial`: only those that may lack street and city; `full`: only the others.",
  created_at_from: "Only those created then or later: a time, or a day, in UTC.",
  created_at_to: "Only those created then or earlier: a time, or a day to its end, in UTC.",
};
