import { type Api, type ApiAnswer, createApi } from "./api.ts";
import { buildEnvironment, unique } from "./builders.ts";
import type { Guildhall } from "./guildhall.ts";

export interface Client {
  id: string;
  secret: string;
}

/** Creates an API client over the API, as the operator. */
export async function buildClient(
  guildhall: Guildhall,
  scopes: string[] = ["users:read"],
  environment = "acme-test",
): Promise<Client> {
  await buildEnvironment(guildhall, environment);
  const attributes = { name: unique("billing sync"), scopes };
  const { body } = await guildhall.api
    .in(environment)
    .post("/api/api-clients", { data: { type: "api_client", attributes } });
  return { id: body.data.id, secret: body.meta.client_secret };
}

/** Returns the form of a token request. Fields that are undefined are left out. */
export function tokenForm(
  { settings }: Guildhall,
  fields: Record<string, string | undefined> = {},
): URLSearchParams {
  const all = { grant_type: "client_credentials", resource: `${settings.PUBLIC_URL}/api`, ...fields };
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(all)) if (value !== undefined) form.set(name, value);
  return form;
}

export function basic({ id, secret }: Client): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
}

/** Posts a token request, in `acme-test` unless the headers say otherwise. */
export async function askForToken(
  { api }: Guildhall,
  form: URLSearchParams | string,
  headers: Record<string, string> = {},
): Promise<ApiAnswer> {
  const answer = await fetch(`${api.origin}/oauth/token`, {
    method: "POST",
    headers: {
      "Content-Type": "application/x-www-form-urlencoded",
      "X-Environment": "acme-test",
      ...headers,
    },
    body: String(form),
  });
  return { status: answer.status, headers: answer.headers, body: JSON.parse(await answer.text()) };
}

/** Requests an access token for a client, with all its scopes or only these. */
export async function accessToken(guildhall: Guildhall, client: Client, scope?: string): Promise<string> {
  const { body } = await askForToken(guildhall, tokenForm(guildhall, { scope }), {
    Authorization: basic(client),
  });
  return body.access_token;
}

/** Calls the API with only a bearer token, in `acme-test`. */
export function bearing({ api }: Guildhall, token: string): Api {
  return createApi(api.origin, { Authorization: `Bearer ${token}`, "X-Environment": "acme-test" });
}

/** Creates a program with exactly these scopes. */
export async function buildProgram(guildhall: Guildhall, ...scopes: string[]): Promise<Api> {
  return bearing(guildhall, await accessToken(guildhall, await buildClient(guildhall, scopes)));
}
