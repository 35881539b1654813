import type { IncomingMessage } from "node:http";
import { badRequest } from "../errors.ts";

const NAME = "idempotency-key";
const KEY = /^[\x20-\x7e]{1,255}$/;

/**
 * The key by which a request may be sent twice and be done once. Taken as it is, quotes and all.
 * @returns undefined without the header.
 * @throws 400 when it is empty, too long, comes twice or holds anything but printable ASCII.
 */
export function idempotencyKeyOf(request: IncomingMessage): string | undefined {
  if (request.headers[NAME] === undefined) return undefined;
  // Node joins a header that comes twice by a comma, which a key may have, too.
  const [key = "", ...others] = request.headersDistinct[NAME] ?? [];
  if (others.length === 0 && KEY.test(key)) return key;
  const detail = "Send one Idempotency-Key of 1 to 255 printable ASCII characters.";
  throw badRequest("invalid_idempotency_key", detail, { header: "Idempotency-Key" });
}
