import type { IncomingMessage } from "node:http";
import { parseMediaType } from "../http/negotiate.ts";
import { readText, SMALL_BODY } from "../http/read-body.ts";
import { oauthError } from "./oauth-error.ts";
import { type ClientCredentials, readClientCredentials } from "./read-client-credentials.ts";

export interface TokenRequest {
  credentials: ClientCredentials;
  resource: string;
  /** Undefined: all the client has. */
  scope: string | undefined;
}

/**
 * Reads the form of a token request; parameters it does not know are ignored, as RFC 6749 §3.2 demands.
 * @throws invalid_request, invalid_client, unsupported_grant_type, invalid_target; 413.
 */
export async function readTokenRequest(request: IncomingMessage): Promise<TokenRequest> {
  const form = await readForm(request);
  const grant = form.get("grant_type");
  if (grant === undefined) throw oauthError("invalid_request", "grant_type is missing.");
  if (grant !== "client_credentials") {
    throw oauthError("unsupported_grant_type", "The only grant_type is client_credentials.");
  }
  const credentials = readClientCredentials(request.headers.authorization, form);
  const resource = form.get("resource");
  if (resource === undefined) throw oauthError("invalid_target", "resource is missing: {base}/api.");
  return { credentials, resource, scope: form.get("scope") };
}

async function readForm(request: IncomingMessage): Promise<Map<string, string>> {
  const { type } = parseMediaType(request.headers["content-type"] ?? "");
  if (type !== "application/x-www-form-urlencoded") {
    throw oauthError("invalid_request", "Send a form: application/x-www-form-urlencoded.");
  }
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(await readText(request, SMALL_BODY))) {
    // A parameter without a value counts as left out, one that comes twice is a mistake (RFC 6749 §3.2).
    if (value === "") continue;
    if (form.has(name)) throw oauthError("invalid_request", "A parameter came twice.");
    form.set(name, value);
  }
  return form;
}
