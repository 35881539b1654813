import type { JsonSchema } from "../lib/json-schema-of.ts";
import type { OpenApiDocument, Response, Tag } from "../openapi/openapi-types.ts";
import { inlineCode } from "./inline-code.ts";
import { presentBridgeEndpoint } from "./present-bridge-endpoint.ts";
import {
  bodySchema,
  componentOf,
  type Described,
  type EndpointView,
  operationsUnder,
} from "./present-endpoint.ts";
import { typeText } from "./type-text.ts";
import { whenSet } from "./when-set.ts";

/** A group of the Bridge API's endpoints as the page shows it. */
export interface GroupView {
  anchor: string;
  title: string;
  what: string;
  fields: Array<{ name: string; type: string; text: string; set: string }>;
  endpoints: EndpointView[];
}

/** Everything under a tag of the Bridge API. */
export function presentBridgeGroup(tag: Tag, document: OpenApiDocument): GroupView {
  const operations = operationsUnder(tag.name, document);
  const named = (verbs: RegExp) => operations.find(({ operation }) => verbs.test(operation.operationId));
  const record = recordOf(named(/^bridgeRead/) ?? named(/^bridgeList/), document);
  const [made, changed] = [named(/^bridge(Create|Add)/), named(/^bridgeUpdate/)].map(
    (found) => found && bodySchema(found.operation, document),
  );
  return {
    anchor: tag.name.replace("bridge-", ""),
    title: tag["x-displayName"] ?? tag.name,
    what: inlineCode(tag.description),
    fields: Object.entries(record.properties ?? {}).map(([name, schema]) => ({
      name,
      type: typeText(made?.properties?.[name] ?? schema),
      text: inlineCode(schema.description ?? ""),
      set: whenSet(name, made, changed),
    })),
    endpoints: operations
      .sort((one, other) => rank(one) - rank(other))
      .map((described) => presentBridgeEndpoint(described, document, record)),
  };
}

/** What the answer's `data` holds. */
function recordOf(described: Described | undefined, document: OpenApiDocument): JsonSchema {
  const { content } = (described?.operation.responses["200"] ?? {}) as Partial<Response>;
  const data = componentOf(content?.["application/json"]?.schema, document)?.properties?.data;
  return componentOf(data?.items ?? data, document) ?? {};
}

/** The list first, then what makes one, then one, then what else can be done with it. */
function rank({ path, method }: Described): number {
  const last = path.split("/").at(-1) ?? "";
  if (last.startsWith("{")) return 2;
  const isAction = path.includes("{id}/") && last !== "members";
  return isAction ? 3 : method === "get" ? 0 : 1;
}
