import { createHash, createVerify, type KeyObject } from "node:crypto";

export interface DkimVerdict {
  /** The problem, or undefined if the signature is valid. */
  problem?: "unsigned" | "body" | "headers";
  /** The signature's tags, such as `d` and `s`. */
  tags: Record<string, string>;
}

/** Verifies an email's DKIM signature (relaxed/relaxed, rsa-sha256) by the text of RFC 6376, not with our library. */
export function verifyDkim(source: string, key: KeyObject): DkimVerdict {
  const end = source.indexOf("\r\n\r\n");
  const headers = source.slice(0, end).split(/\r\n(?![ \t])/);
  const own = headers.find((header) => /^dkim-signature:/i.test(header));
  if (own === undefined) return { problem: "unsigned", tags: {} };
  const tags = tagsOf(own);
  const body = relaxedBody(source.slice(end + 4));
  if (createHash("sha256").update(body).digest("base64") !== tags.bh) return { problem: "body", tags };
  // If several headers have one name, the last one counts first (§5.4.2).
  const left = [...headers].reverse();
  const signed = (tags.h ?? "").split(":").flatMap((name) => {
    const index = left.findIndex((header) => nameOf(header) === name.trim().toLowerCase());
    return index === -1 ? [] : left.splice(index, 1);
  });
  const withoutSignature = own.replace(/([;\s]b=)[^;]*/, "$1");
  const text = [...signed.map((header) => `${relaxedHeader(header)}\r\n`), relaxedHeader(withoutSignature)];
  const isGood = createVerify("RSA-SHA256")
    .update(text.join(""))
    .verify(key, tags.b ?? "", "base64");
  return isGood ? { tags } : { problem: "headers", tags };
}

/** Reads tags (§3.2), without the white space in values. */
function tagsOf(header: string): Record<string, string> {
  const value = header.slice(header.indexOf(":") + 1);
  const tags = value.split(";").map((tag) => {
    const [name = "", ...rest] = tag.split("=");
    return [name.trim(), rest.join("=").replace(/\s/g, "")];
  });
  return Object.fromEntries(tags.filter(([name]) => name !== ""));
}

function nameOf(header: string): string {
  return header.slice(0, header.indexOf(":")).trim().toLowerCase();
}

/** §3.4.2. */
function relaxedHeader(header: string): string {
  const value = header.slice(header.indexOf(":") + 1).replace(/\r\n/g, "");
  return `${nameOf(header)}:${value.replace(/[ \t]+/g, " ").trim()}`;
}

/** §3.4.4. */
function relaxedBody(body: string): string {
  const lines = body.split("\r\n").map((line) => line.replace(/[ \t]+/g, " ").replace(/ $/, ""));
  while (lines.at(-1) === "") lines.pop();
  return lines.map((line) => `${line}\r\n`).join("");
}
