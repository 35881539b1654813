import type { JsonSchema } from "../lib/json-schema-of.ts";
import { exampleId } from "../openapi/example-values.ts";
import type { OpenApiDocument, Operation } from "../openapi/openapi-types.ts";
import { curl, JSON_OBJECT, MEMBER, OPERATOR, SESSION } from "./curl.ts";
import {
  bodySchema,
  type Described,
  type EndpointView,
  exampleIn,
  followed,
  presentEndpoint,
} from "./present-endpoint.ts";

/** The ids of the examples, as the guide's walk keeps them. */
const VARIABLES: Record<string, string> = {
  [exampleId("org")]: "$ORGANIZATION",
  [exampleId("orguser")]: "$MEMBERSHIP",
  [exampleId("user")]: "$USER",
  [exampleId("cust")]: "$CUSTOMER",
  [exampleId("addr")]: "$ADDRESS",
  [exampleId("pm")]: "$PAYMENT_METHOD",
  [exampleId("sub")]: "$SUBSCRIPTION",
  [exampleId("pay")]: "$PAYMENT",
};

/** Who asks, where the walk's owner is not the one: owners don't leave, and people don't speak for a provider. */
const OTHERS: Record<string, string> = {
  bridgeLeaveOrganization: MEMBER,
  bridgeSyncSubscription: OPERATOR,
  bridgeSyncPaymentIntent: OPERATOR,
};

/** @param record the fields the page lists above; of a request that makes or changes one, only the others are listed. */
export function presentBridgeEndpoint(
  described: Described,
  document: OpenApiDocument,
  record: JsonSchema,
): EndpointView {
  const { operation } = described;
  const isAction = !/^bridge(Create|Add|Update)/.test(operation.operationId);
  const body = bodySchema(operation, document) ?? {};
  const listed = Object.entries(body.properties ?? {})
    .filter(([name]) => isAction || !(name in (record.properties ?? {})))
    .map(([name, field]) => [name, isNeeded(name, body) ? needed(field) : field]);
  return presentEndpoint(described, document, {
    command: commandOf(described, document),
    inBody: Object.fromEntries(listed),
  });
}

/** By this name or, as the others say of themselves, by another. */
function isNeeded(name: string, { required = [], anyOf, allOf = [] }: JsonSchema): boolean {
  const choices = [anyOf, ...allOf.map((choice) => choice.anyOf)];
  return required.includes(name) || choices.some((choice) => choice?.[0]?.required?.includes(name));
}

function needed(field: JsonSchema): JsonSchema {
  return { ...field, description: ["Required.", field.description ?? ""].join(" ").trim() };
}

function commandOf({ path, method, operation }: Described, document: OpenApiDocument): string {
  const parameters = followed(operation, document);
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    String(parameters.find((parameter) => parameter.name === name)?.schema.example),
  );
  const narrowed = parameters.some(({ name }) => name === "organization_id");
  return curl({
    method: method.toUpperCase(),
    url: withVariables(filled) + (narrowed ? "?organization_id=$ORGANIZATION" : ""),
    body: bodyOf(operation),
    mediaType: JSON_OBJECT,
    credential: OTHERS[operation.operationId] ?? SESSION,
  });
}

function bodyOf({ requestBody }: Operation): unknown {
  const example = exampleIn(requestBody?.content);
  return example === undefined ? undefined : JSON.parse(withVariables(JSON.stringify(example)));
}

function withVariables(text: string): string {
  return Object.entries(VARIABLES).reduce((filled, [id, variable]) => filled.replaceAll(id, variable), text);
}
