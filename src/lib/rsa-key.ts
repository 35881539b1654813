import { createPrivateKey } from "node:crypto";

/** What keeps a text from being a private key that DKIM signs with (RFC 8301); undefined: nothing. */
export function rsaKeyProblem(pem: string): string | undefined {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem);
    // What nodemailer can't sign with, such as Ed25519, it sends unsigned and says nothing.
    if (asymmetricKeyType !== "rsa") return `must be an RSA key, not one of ${asymmetricKeyType}`;
    const bits = asymmetricKeyDetails?.modulusLength ?? 0;
    return bits < 1_024 ? `must have at least 1024 bits, better 2048; it has ${bits}` : undefined;
  } catch {
    return "must be a private key in PEM, without a passphrase";
  }
}
