import { isUtf8 } from "node:buffer";
import { TextDecoder } from "node:util";
import { badRequest, Refusal } from "../errors.ts";

/** The first bytes of workbooks: a ZIP archive (.xlsx, .ods) or the older .xls. */
const WORKBOOKS = [Buffer.from("PK\u0003\u0004"), Buffer.from("d0cf11e0a1b11ae1", "hex")];

/** The characters of windows-1252 where ISO 8859-1 has control characters. Some releases of Node decode it as the latter. */
const WINDOWS_1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";

/**
 * Decodes a text file exported by another program: UTF-8 or UTF-16, or the encoding that the request names.
 * @param charset from the Content-Type.
 * @throws 415 for an unknown encoding or a workbook, 400 that names the first line that can't be decoded.
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

/** Detects UTF-16 by its byte order mark, or by the zero byte in its first letter, even if the type names another encoding. */
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
