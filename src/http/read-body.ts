import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { TextDecoder } from "node:util";
import readRaw from "raw-body";
import { badRequest, Refusal } from "../errors.ts";

/** Bytes of a body at most, unless its endpoint takes more. */
export const BODY_LIMIT = 64 * 1024;
/** Bytes that are read of anyone, before it is known who asks: cheap to read, to parse and to judge. */
export const SMALL_BODY = 8 * 1024;
/** Bytes a request's headers say its body has; a body that comes in chunks may have any number. */
export function announcedLength({ headers }: IncomingMessage): number {
  if (headers["transfer-encoding"] !== undefined) return Number.POSITIVE_INFINITY;
  return Number(headers["content-length"] ?? 0);
}

/** Reads a body as UTF-8. @param limit bytes at most. @throws as `readBytes`, and 400 when it is something else. */
export async function readText(request: IncomingMessage, limit = BODY_LIMIT): Promise<string> {
  const bytes = await readBytes(request, limit);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw malformedBody();
  }
}

/** @param limit bytes at most. @throws 415 when the body is compressed, 413 when it is larger, 400 when it is cut off. */
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

/** What workbooks begin with: a ZIP archive (.xlsx, .ods) and the older .xls. */
const WORKBOOKS = [Buffer.from("PK\u0003\u0004"), Buffer.from("d0cf11e0a1b11ae1", "hex")];

/** What windows-1252 has where ISO 8859-1 has control characters: some releases of Node decode it as the latter. */
const WINDOWS_1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";

/**
 * Decodes a text as the programs people export from write it: UTF-8 or UTF-16, or the encoding that is named.
 * @param charset of its Content-Type.
 * @throws 415 for an encoding we don't know and for a workbook, 400 naming the first line that can't be decoded.
 */
export function decodeText(bytes: Buffer, charset: string | undefined): string {
  if (WORKBOOKS.some((signature) => bytes.subarray(0, signature.length).equals(signature)))
    throw unsupported("This is a workbook. Save it as “CSV UTF-8 (Comma delimited)”, and send that file.");
  const decoder = decoderOf(utf16Of(bytes) ?? charset ?? "utf-8");
  try {
    const text = decoder.decode(bytes);
    if (decoder.encoding !== "windows-1252") return text;
    return text.replaceAll(/[\u0080-\u009f]/g, (sign) => WINDOWS_1252[sign.charCodeAt(0) - 0x80] ?? sign);
  } catch {
    const place = decoder.encoding === "utf-8" ? `Line ${lineThatIsNotUtf8(bytes)}` : "The text";
    const advice =
      "Save the file as “CSV UTF-8”, or name its encoding, as in Content-Type: text/csv; charset=windows-1252.";
    throw badRequest(
      "malformed_body",
      `${place} holds bytes that aren't ${decoder.encoding.toUpperCase()}. ${advice}`,
    );
  }
}

function decoderOf(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    throw unsupported("The charset isn't known. Send the text as UTF-8.");
  }
}

/** Finds UTF-16 by its byte order mark, or by the zero that is half of its first letter, even if the type names another. */
function utf16Of([first, second]: Buffer): string | undefined {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return "utf-16le";
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return "utf-16be";
  return undefined;
}

const [LINE_FEED, CARRIAGE_RETURN] = [0x0a, 0x0d];

function lineThatIsNotUtf8(bytes: Buffer): number {
  let line = 1;
  let start = 0;
  for (let at = 0; at <= bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte !== undefined && byte !== LINE_FEED && byte !== CARRIAGE_RETURN) continue;
    if (!isUtf8(bytes.subarray(start, at))) break;
    start = at + 1;
    if (byte !== CARRIAGE_RETURN || bytes[at + 1] !== LINE_FEED) line += 1;
  }
  return line;
}

function unsupported(detail: string): Refusal {
  return new Refusal(415, [{ code: "unsupported_media_type", detail, source: { header: "Content-Type" } }]);
}
