import type { IncomingHttpHeaders } from "node:http";
import { badRequest, Refusal } from "../errors.ts";
import type { Api } from "./api.ts";
import { decodeText } from "./decode-text.ts";
import type { Endpoint, Incoming, TextForm } from "./endpoint.ts";
import { parseMediaType } from "./negotiate.ts";
import { type Parsed, parseJson, refuseUnstorable } from "./parse-json.ts";
import { readBytes, readText } from "./read-body.ts";
import { readQuery } from "./read-query.ts";

/** A request's body and query as the endpoint declares them, and the body as it was sent. */
export interface Input {
  body: unknown;
  query: unknown;
  sent: unknown;
}

/** Reads query and body. @param limit bytes of a body. @throws a Refusal that names what is wrong with them. */
export async function readInput(
  endpoint: Endpoint,
  api: Api,
  incoming: Incoming,
  limit: number,
): Promise<Input> {
  const form = formIn(endpoint, incoming.headers);
  if (form !== undefined) return { ...(await readForm(form, incoming, limit)), query: undefined };
  // Before its query: parameters of the other form would be called unknown.
  if (endpoint.text !== undefined && incoming.headers["content-type"] !== undefined)
    requireBodyType(api, endpoint.text, incoming.headers);
  const query = readQuery(endpoint.query, incoming.url);
  // A body nobody asked for is read all the same: one that is no document of the API is refused, not overlooked.
  const sent = endpoint.method === "GET" ? undefined : await readDocument(endpoint, api, incoming, limit);
  const body = endpoint.body?.read(sent?.value, incoming.params);
  // Last, so that other mistakes are named by their own rules, such as an amount of 1e400.
  if (endpoint.body !== undefined && sent?.inexact !== undefined) throw sent.inexact;
  return { body, query, sent: sent?.value };
}

/**
 * A body left out is `undefined`: whether one is needed is the endpoint's to say. Many clients name a type and send
 * nothing, which is an error only where something is needed.
 */
async function readDocument(
  { body }: Endpoint,
  api: Api,
  { raw, headers }: Incoming,
  limit: number,
): Promise<Parsed | undefined> {
  const text = await readText(raw, limit);
  const isNeeded = body !== undefined && body.optional !== true;
  if (isNeeded ? text === "" && !isAnnounced(headers, api) : text.trim() === "") return undefined;
  api.requireBodyType(headers);
  if (text === "" && api.emptyBody !== null) throw badRequest("empty_body", api.emptyBody);
  return parseJson(text, limit);
}

function isAnnounced(headers: IncomingHttpHeaders, api: Api): boolean {
  return headers["content-type"] !== undefined && api.emptyBody !== null;
}

/** The refusal of another type, which names the text form, too, where there is one. */
function requireBodyType(api: Api, form: TextForm<unknown>, headers: IncomingHttpHeaders): void {
  try {
    api.requireBodyType(headers);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const [item] = error.items;
    throw new Refusal(error.status, [{ ...item, detail: `${item.detail} ${form.otherwise}` }]);
  }
}

function formIn({ text }: Endpoint, headers: IncomingHttpHeaders): TextForm<unknown> | undefined {
  const { type } = parseMediaType(headers["content-type"] ?? "");
  return text !== undefined && [text.mediaType, ...text.alsoTaken].includes(type) ? text : undefined;
}

async function readForm(
  form: TextForm<unknown>,
  { raw, url, headers }: Incoming,
  limit: number,
): Promise<{ body: unknown; sent: string }> {
  const query = readQuery(form.query, url);
  const bytes = await readBytes(raw, limit);
  const { parameters } = parseMediaType(headers["content-type"] ?? "");
  const charset = parameters.find((parameter) => parameter.startsWith("charset="));
  const sent = decodeText(bytes, charset?.slice("charset=".length).replaceAll('"', "") || undefined);
  refuseUnstorable(sent);
  return { body: await form.read(sent, query), sent };
}
