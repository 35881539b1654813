import { createPrivateKey } from "node:crypto";

/** Checks that a text is a private key DKIM can sign with (RFC 8301). @returns what is wrong with it, if anything. */
export function rsaKeyProblem(pem: string): string | undefined {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem);
    // With any other key, such as Ed25519, nodemailer silently sends unsigned emails.
    if (asymmetricKeyType !== "rsa") return `must be an RSA key, not one of ${asymmetricKeyType}`;
    const bits = asymmetricKeyDetails?.modulusLength ?? 0;
    return bits < 1_024 ? `must have at least 1024 bits, better 2048; it has ${bits}` : undefined;
  } catch {
    return "must be a private key in PEM, without a passphrase";
  }
}
