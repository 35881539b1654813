import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** Returns 256 random bits as 43 base64url characters. Show a token only once, and store only its `hashToken`. */
export function randomToken(): string {
  return randomBytes(32).toString("base64url");
}

/** Returns the SHA-256. A fast hash is enough for 256 bits of entropy (ASVS 6.5.2). */
export function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/** Compares secrets by their digests, so that the time it takes reveals neither content nor length. */
export function sameSecret(one: string, other: string): boolean {
  return timingSafeEqual(hashToken(one), hashToken(other));
}
