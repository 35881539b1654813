import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { Endpoint } from "../../src/http/endpoint.ts";
import { openapiDocument } from "../../src/reference/openapi-document.ts";
import type { Method, Operation, Reference, Response } from "../../src/reference/openapi-types.ts";
import { isDocumented } from "./is-documented.ts";
import type { Exchange } from "./json-api/exchange.ts";

const document = openapiDocument();
const ajv = new Ajv2020({ strict: false, allErrors: true, allowUnionTypes: true });
addFormats.default(ajv);
ajv.addSchema(document, "openapi");
const validators = new Map<string, ValidateFunction>();

export interface BridgeAnswer {
  status: number;
  headers: Headers;
  body: unknown;
}

/** Checks a response of the Bridge API or `POST /mail-events` against the OpenAPI document. @throws with its problems. */
export async function checkBridge({ method, url, status, headers, text }: Exchange): Promise<void> {
  // OPTIONS and HEAD get no document.
  if (method === "OPTIONS" || method === "HEAD") return;
  const body = await text();
  const problems = bridgeProblems(method, url, {
    status,
    headers,
    body: body === "" ? null : JSON.parse(body),
  });
  if (problems.length === 0) return;
  const list = problems.map((problem) => `- ${problem}`).join("\n");
  throw new Error(`${method} ${url} → ${status} is not as documented:\n${list}\n${body.slice(0, 2_000)}`);
}

/** The problems of such a response according to the OpenAPI document. */
export function bridgeProblems(
  method: string,
  url: string,
  { status, headers, body }: BridgeAnswer,
): string[] {
  const problems: string[] = [];
  const isBridge = url.startsWith("/bridge-payment/");
  if (!/^application\/json\b/.test(headers.get("Content-Type") ?? "")) problems.push("it is no JSON");
  if (isBridge && headers.get("Cache-Control") !== "no-store") problems.push("it may be kept");
  if (status >= 400 && headers.get("X-Request-Id") !== (body as { request_id?: unknown } | null)?.request_id)
    problems.push("request_id is not that of the header");
  const operation = operationAt(method, url);
  const response = operation === undefined ? undefined : responseOf(operation, status);
  if (operation !== undefined && response === undefined)
    return [...problems, `${operation.operationId} documents no ${status}`];
  const schema = response?.content?.["application/json"]?.schema ?? {
    $ref: "#/components/schemas/BridgeError",
  };
  const validate = compiled(JSON.stringify(schema));
  validate(body);
  const broken = (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
  const { code } = body as { code?: unknown };
  if (status >= 400 && !isDocumented(isBridge ? "bridge" : "mailEvents", status, code))
    problems.push(`${code} is not documented with ${status}`);
  return [...problems, ...broken];
}

/** The problems of a body according to the OpenAPI document: none if it was accepted. */
export function problemsOfBody({ method, path }: Pick<Endpoint, "method" | "path">, body: unknown): string[] {
  const { requestBody } = operationAt(method, path) ?? {};
  const validate = compiled(JSON.stringify(requestBody?.content["application/json"]?.schema ?? {}));
  validate(body);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** The operation of a request; undefined for unknown paths and methods. */
export function operationAt(method: string, url: string): Operation | undefined {
  const path = url.split("?")[0] ?? "";
  const known = Object.entries(document.paths).filter(([template]) =>
    new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path),
  );
  // `/payments/intents` is no payment's id.
  const [found] = known.sort(([one], [other]) => one.split("{").length - other.split("{").length);
  return found?.[1][method.toLowerCase() as Method];
}

function responseOf({ responses }: Operation, status: number): Response | undefined {
  const response: Response | Reference | undefined = responses[String(status)];
  if (response === undefined || !("$ref" in response)) return response;
  return document.components.responses[response.$ref.split("/").at(-1) ?? ""];
}

/** Schemas in the document refer to it from its root. */
function compiled(schema: string): ValidateFunction {
  const known = validators.get(schema) ?? ajv.compile(JSON.parse(schema.replaceAll('"#/', '"openapi#/')));
  validators.set(schema, known);
  return known;
}
