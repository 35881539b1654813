import type { IncomingMessage } from "node:http";
import readRaw from "raw-body";
import { badRequest, Refusal } from "../errors.ts";

/** The most bytes of a body, unless its endpoint takes more. */
export const BODY_LIMIT = 64 * 1024;
/** The most bytes of a body that is read before the caller is known. Such a body is cheap to read, parse and validate. */
export const SMALL_BODY = 8 * 1024;

/** Returns the body's length in bytes according to the headers. Infinite for a body in chunks, which may have any length. */
export function announcedLength({ headers }: IncomingMessage): number {
  if (headers["transfer-encoding"] !== undefined) return Number.POSITIVE_INFINITY;
  return Number(headers["content-length"] ?? 0);
}

/** Reads a body as UTF-8. @param limit the most bytes. @throws the errors of `readBytes`, and 400 for invalid UTF-8. */
export async function readText(request: IncomingMessage, limit = BODY_LIMIT): Promise<string> {
  const bytes = await readBytes(request, limit);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw malformedBody();
  }
}

/** Reads a body. @param limit the most bytes. @throws 415 if it is compressed, 413 if it is too large, 400 if it is cut off. */
export async function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = request.headers["content-encoding"]?.trim().toLowerCase() || "identity";
  if (encoding !== "identity") {
    const detail = "Send the body as it is, without a Content-Encoding.";
    throw new Refusal(415, [
      { code: "unsupported_encoding", detail, source: { header: "Content-Encoding" } },
    ]);
  }
  try {
    return await readRaw(request, { limit, length: request.headers["content-length"] ?? null });
  } catch (error) {
    if (error instanceof Error && "type" in error && error.type === "entity.too.large") {
      const detail = `The body is too large: ${limit / 1024} KiB at most.`;
      throw new Refusal(413, [{ code: "body_too_large", detail }], { Connection: "close" });
    }
    throw malformedBody();
  }
}

function malformedBody(): Refusal {
  return badRequest("malformed_body", "The body is incomplete or not UTF-8.");
}
