import { createPrivateKey } from "node:crypto";
import { z } from "zod";
import { parseEmailAddress } from "../lib/email-address.ts";
import { webhookKey } from "../lib/webhook-signature.ts";

// The kinds of values of variables. Each error completes a sentence that starts with the variable's name.

export const duration = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, issue) => {
      const milliseconds = parseDuration(text);
      if (milliseconds !== undefined) return milliseconds;
      issue.addIssue("must be a duration such as 500ms, 15s, 5m or 7d");
      return z.NEVER;
    });

export const wholeNumber = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.coerce.number({ error }).int({ error }).min(least, { error }).max(most, { error });
};

export const url = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    error: `must be a URL beginning with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`,
  });

export const mailFrom = z.string().transform((text, issue) => {
  const [, name, address] = /^(?:"?([^"<>]*?)"?\s*<([^<>]+)>)$/.exec(text.trim()) ?? [
    undefined,
    "",
    text.trim(),
  ];
  const parsed = parseEmailAddress(address ?? "");
  if (parsed !== undefined) return { name: name ?? "", address: parsed.email };
  issue.addIssue("must be an address such as no-reply@example.com or Acme <no-reply@example.com>");
  return z.NEVER;
});

export const secretKey = z
  .string()
  .refine((key) => Buffer.byteLength(key) >= 32, { error: "must have at least 32 bytes" });

/** A secret that fits into `Authorization: Bearer`. */
export const bearerSecret = z.string().regex(/^[\w~+/.=-]{16,4096}$/, {
  error: "must have at least 16 characters, all of them letters, digits or one of - . _ ~ + / =",
});

/** The URL of a service that Guildhall calls. Kept as written, because issuers are compared character by character. */
export const serviceUrl = url("http:", "https:")
  .max(1_000, { error: "must have at most 1000 characters" })
  .refine((text) => !URL.canParse(text) || new URL(text).username + new URL(text).password === "", {
    error: "must be a URL without a user's name and password",
  });

export const domainName = z
  .string()
  .toLowerCase()
  .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/, {
    error: "must be a domain such as example.com",
  });

/** The DNS name of the key that verifies a signature. May contain dots. */
export const dkimSelector = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/, {
  error: "must be a DKIM selector such as mail-2027",
});

export const rsaKey = z
  .string()
  .transform((text) => text.replaceAll("\\n", "\n"))
  .superRefine((pem, issue) => {
    const problem = rsaKeyProblem(pem);
    if (problem !== undefined) issue.addIssue(problem);
  });

export const origins = z
  .string()
  .transform((text) => text.split(",").map((origin) => origin.trim()))
  .refine((list) => list.every((origin) => origin === "*" || isOrigin(origin)), {
    error: "must be origins such as https://app.example.com, separated by commas, or *",
  });

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/** `whsec_` and base64, as in Standard Webhooks, or any text that is long enough. */
export const webhookSecret = z
  .string()
  .refine((secret) => !secret.startsWith("whsec_") || /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret), {
    error: "must be base64 after whsec_",
    abort: true,
  })
  .refine((secret) => webhookKey(secret).length >= 24, { error: "must have at least 24 bytes" });

export const environmentHandle = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, { error: "must be the handle of an environment" });

const MILLISECONDS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads `500ms`, `15s`, `5m`, `2h` or `7d`.
 * @returns milliseconds, at least 1; undefined if the text is not a duration.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text.trim());
  const factor = match?.[2] === undefined ? undefined : MILLISECONDS[match[2]];
  if (match?.[1] === undefined || factor === undefined) return undefined;
  const duration = Number(match[1]) * factor;
  return duration > 0 ? duration : undefined;
}

/** Returns why DKIM can't sign with this private key (RFC 8301), or undefined if it can. */
export function rsaKeyProblem(pem: string): string | undefined {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem);
    // With other keys, such as Ed25519, nodemailer sends unsigned emails without a warning.
    if (asymmetricKeyType !== "rsa") return `must be an RSA key, not one of ${asymmetricKeyType}`;
    const bits = asymmetricKeyDetails?.modulusLength ?? 0;
    return bits < 1_024 ? `must have at least 1024 bits, better 2048; it has ${bits}` : undefined;
  } catch {
    return "must be a private key in PEM, without a passphrase";
  }
}
