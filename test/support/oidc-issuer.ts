import { once } from "node:events";
import { createServer } from "node:http";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

export const AUDIENCE = "guildhall-of-the-tests";

interface Key {
  kid: string;
  alg: string;
  privateKey: CryptoKey;
  publicJwk: JWK;
}

/** An OpenID Connect issuer over real HTTP, with a discovery document, keys, and tokens signed with them. */
export interface OidcIssuer {
  issuer: string;
  /** The requested paths. */
  asked: string[];
  /** The public key that verifies its tokens. */
  publicJwk(): JWK;
  /** Signs a token, by default with the usual audience and header, and valid for ten minutes. */
  sign(claims: JWTPayload, header?: Record<string, unknown>): Promise<string>;
  /** Changes the key, and publishes only the new one. */
  rotate(alg?: string): Promise<void>;
  /** Overrides the response at a path: a status, a document, or null for the usual one. */
  answers(path: string, reply: number | object | null): void;
  stop(): Promise<void>;
}

export const DISCOVERY = "/.well-known/openid-configuration";
export const KEYS = "/keys";

export async function startOidcIssuer(): Promise<OidcIssuer> {
  const asked: string[] = [];
  const instead = new Map<string, number | object>();
  let key = await newKey("RS256");
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const usual: Record<string, object> = {
      [DISCOVERY]: { issuer, jwks_uri: issuer + KEYS },
      [KEYS]: { keys: [key.publicJwk] },
    };
    const reply = instead.get(path) ?? usual[path] ?? 404;
    if (reply === SILENCE) return;
    const status = typeof reply === "number" ? reply : 200;
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify(typeof reply === "number" ? {} : reply));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const issuer = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;

  return {
    issuer,
    asked,
    publicJwk: () => key.publicJwk,
    sign(claims, header = {}) {
      const now = Math.floor(Date.now() / 1_000);
      const usual = { iss: issuer, aud: AUDIENCE, iat: now, exp: now + 600 };
      return new SignJWT({ ...usual, ...claims })
        .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: "JWT", ...header })
        .sign(key.privateKey);
    },
    async rotate(alg = "RS256") {
      key = await newKey(alg);
    },
    answers(path, reply) {
      if (reply === null) instead.delete(path);
      else instead.set(path, reply);
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Never answers. */
export const SILENCE = 0;

let count = 0;

async function newKey(alg: string): Promise<Key> {
  count += 1;
  const kid = `key-${count}`;
  const { privateKey, publicKey } = await generateKeyPair(alg);
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}
