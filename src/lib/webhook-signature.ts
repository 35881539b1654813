import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** Seconds allowed for wrong clocks and slow delivery. */
const TOLERANCE = 5 * 60;

/** Returns the bytes of a secret: base64 after `whsec_`, or the text itself. */
export function webhookKey(secret: string): Buffer {
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  return encoded === undefined ? Buffer.from(secret) : Buffer.from(encoded, "base64");
}

/** Checks a message's signature headers. @returns the problem, if there is one. */
export function webhookHeadersProblem(headers: IncomingHttpHeaders, now: Date): string | undefined {
  const { id, timestamp, signatures } = signatureHeaders(headers);
  // A dot in the id would let one message be read as another.
  if (!/^[^.\s]{1,256}$/.test(id) || !/^\d{1,12}$/.test(timestamp) || signatures === "")
    return "Send the headers webhook-id, webhook-timestamp (in seconds) and webhook-signature.";
  if (Math.abs(now.getTime() / 1_000 - Number(timestamp)) > TOLERANCE)
    return "The webhook-timestamp is more than five minutes away from now.";
  return undefined;
}

function signatureHeaders(headers: IncomingHttpHeaders) {
  const value = (name: string) => String(headers[name] ?? "");
  return {
    id: value("webhook-id"),
    timestamp: value("webhook-timestamp"),
    signatures: value("webhook-signature"),
  };
}

/**
 * Verifies a message's signature by Standard Webhooks 1.0: HMAC-SHA256 of `id.timestamp.body`. Of several signatures
 * one must be right, so that the sender can rotate its secret without a gap.
 * @returns the problem, or undefined if the message was signed with the key within the last minutes.
 */
export function webhookProblem(
  key: Buffer,
  headers: IncomingHttpHeaders,
  body: string,
  now: Date,
): string | undefined {
  const problem = webhookHeadersProblem(headers, now);
  if (problem !== undefined) return problem;
  const { id, timestamp, signatures } = signatureHeaders(headers);
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest();
  const isRight = (signature: string) => {
    const [version, encoded = ""] = signature.split(",");
    const given = Buffer.from(encoded, "base64");
    return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
  };
  return signatures.split(" ").some(isRight)
    ? undefined
    : "None of the signatures in webhook-signature is valid.";
}
