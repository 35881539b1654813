import type { Endpoint } from "../http/endpoint.ts";
import { KEPT_HOURS } from "../idempotency-keys/purge-idempotency-keys.ts";
import type { Parameter, Reference } from "./openapi-types.ts";
import type { Registry } from "./registry.ts";

const IDEMPOTENCY_KEY: Parameter = {
  name: "Idempotency-Key",
  in: "header",
  description: `Makes the request safe to send again: what it did is done once, and the same answer is given, with the header \`Idempotency-Replayed: true\`, for ${KEPT_HOURS} hours. A refusal uses up no key; a secret is not told again; without a credential it is ignored.`,
  schema: { type: "string", pattern: "^[ -~]{1,255}$" },
};

/** The header of whatever changes something. */
export function idempotencyKeyHeader(
  { method }: Pick<Endpoint, "method">,
  parameters: Registry<Parameter>,
): Reference[] {
  return method === "GET" ? [] : [parameters.refer("IdempotencyKey", () => IDEMPOTENCY_KEY)];
}
