import { createHash, randomBytes } from "node:crypto";

/** 256 random bits as 43 base64url characters. Shown once; only `hashToken` of it is stored. */
export function randomToken(): string {
  return randomBytes(32).toString("base64url");
}

/** SHA-256: a fast hash is enough for a value with 256 bits of entropy (ASVS 6.5.2). */
export function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
