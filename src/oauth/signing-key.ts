import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from "node:crypto";

export const ALGORITHM = "EdDSA";

/** The public half, as the JWKS shows it (RFC 7517, RFC 8037). */
export interface PublicKey {
  kty: "OKP";
  crv: "Ed25519";
  x: string;
  alg: typeof ALGORITHM;
  use: "sig";
  /** The key's thumbprint (RFC 7638): the same in every process, with nothing to keep. */
  kid: string;
}

export interface SigningKey {
  privateKey: KeyObject;
  publicKey: PublicKey;
}

/** The bytes of a PKCS #8 Ed25519 key up to its 32-byte seed (RFC 8410 §7). */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * The Ed25519 key of a SECRET_KEY. Derived, so it is at rest nowhere; by a purpose of its own, so nothing else made of
 * the same secret tells anything about it.
 */
export function deriveSigningKey(secret: string): SigningKey {
  const seed = Buffer.from(hkdfSync("sha256", secret, "", "guildhall:access-token:ed25519", 32));
  const der = Buffer.concat([PKCS8_HEAD, seed]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" });
  const required = JSON.stringify({ crv: "Ed25519", kty: "OKP", x });
  const kid = createHash("sha256").update(required).digest("base64url");
  return { privateKey, publicKey: { kty: "OKP", crv: "Ed25519", x, alg: ALGORITHM, use: "sig", kid } };
}
