import { oauthError } from "./oauth-error.ts";

export interface ClientCredentials {
  client_id: string;
  client_secret: string;
}

/**
 * The client's name and secret, by HTTP Basic or in the form (RFC 6749 §2.3.1).
 * @throws invalid_request when they come both ways, invalid_client when they don't come at all.
 */
export function readClientCredentials(
  authorization: string | undefined,
  form: Map<string, string>,
): ClientCredentials {
  const [client_id, client_secret] = [form.get("client_id"), form.get("client_secret")];
  if (authorization === undefined) {
    if (client_id !== undefined && client_secret !== undefined) return { client_id, client_secret };
    throw oauthError("invalid_client", "Send client_id and client_secret, by HTTP Basic or in the form.");
  }
  const basic = readBasic(authorization);
  if (basic === undefined)
    throw oauthError("invalid_client", "The Authorization header is no valid HTTP Basic.");
  if (client_secret !== undefined || (client_id ?? basic.client_id) !== basic.client_id) {
    throw oauthError("invalid_request", "Authenticate by HTTP Basic or in the form, not by both.");
  }
  return basic;
}

/** Both halves are form-encoded before they are joined: the RFC's own twist on HTTP Basic. */
function readBasic(authorization: string): ClientCredentials | undefined {
  const encoded = /^Basic +([\w+/=-]{1,1024})$/i.exec(authorization)?.[1] ?? "";
  const [, id, secret] = /^([^:]+):(.+)$/.exec(Buffer.from(encoded, "base64").toString()) ?? [];
  if (id === undefined || secret === undefined) return undefined;
  try {
    const decode = (text: string) => decodeURIComponent(text.replaceAll("+", " "));
    return { client_id: decode(id), client_secret: decode(secret) };
  } catch {
    return undefined;
  }
}
